package snapshot

import "testing"

func TestShapesOfPasswordsInside(t *testing.T) {
	for value, want := range map[string]Shape{
		"Server=db;User Id=sa;Password=hunter2;":                                          ShapeURLCreds,
		"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcdefghijklmnopqrstu==": ShapeURLCreds,
		"Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=r;SharedAccessKey=x": ShapeURLCreds,
		"host=db user=app password=hunter2 dbname=shop":                                   ShapeURLCreds,
		"cache:6379,password=hunter2,ssl=True":                                            ShapeURLCreds,
		"jdbc:postgresql://db/shop?user=app&password=hunter2":                             ShapeURLCreds,
		"https://a.blob.core.windows.net/c?sv=2022&sig=abc%3D":                            ShapeURLCreds,
		"-Xmx1g -Djavax.net.ssl.trustStorePassword=changeit":                              ShapePlain, // a word of its own decides, not an ending
		"-Dspring.datasource.password=hunter2":                                            ShapeURLCreds,
		"https://hooks.slack.com/services/T0000/B0000/XXXXXXXXXXXX":                       ShapeToken,
		". https://u:hunter2@h/":                                                          ShapeURLCreds,
		"see https://h/ and then amqp://u:hunter2@h/":                                     ShapeURLCreds,
		"https://h/a:b@c":                    ShapeURL,
		"Server=db;Integrated Security=true": ShapePlain,
		`user=app password='hunter2'`:        ShapeURLCreds,
		"password=$DB_PASSWORD":              ShapePlain,
		"password=/run/secrets/db":           ShapePlain,
		"password=":                          ShapePlain,
		"min_password=8":                     ShapePlain,
		"https://example.org/?page=2":        ShapeURL,
		"https://hooks.slack.com/":           ShapeURL,
	} {
		if got := Conceal("", value).Shape; got != want && !(want == ShapePlain && got == ShapeEntropy) {
			t.Errorf("%s has shape %s, want %s", value, got, want)
		}
	}
}

// FuzzConceal: whatever a value is, it has a shape and is not kept.
func FuzzConceal(f *testing.F) {
	for _, v := range []string{"", "a=b;password=c", "://", "sb://;=", "=\"", "x?sig=\xff"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if s := Conceal("name", v); s.Shape == "" || s.Len != len(v) || s.Name != "name" {
			t.Errorf("%q: %+v", v, s)
		}
	})
}
