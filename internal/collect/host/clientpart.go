package host

import (
	"plimsoll/internal/snapshot"
)

// ClientConfig reads a config.json of the Docker command by itself; file is how
// evidence names it. Whether credential helpers are installed is not known then.
// Errors are always *[ConfigFileError].
func ClientConfig(data []byte, file string) (snapshot.ClientConfig, error) {
	keys, err := keyPlaces(data)
	if err != nil {
		return snapshot.ClientConfig{}, err
	}
	c, err := parseClientConfig(data, func(string) string { return "" })
	if err != nil {
		return c, &ConfigFileError{Line: 1, Column: 1, Msg: "is not a configuration of the Docker command"}
	}
	for k, places := range keys {
		at := places[len(places)-1]
		loc := &snapshot.Location{File: text(file), Line: at.line, Column: at.column}
		if c.Store != nil && k == "credsStore" {
			c.Store.Loc = loc
		}
		for i := range c.Logins {
			if k == "auths."+c.Logins[i].Registry {
				c.Logins[i].Loc = loc
			}
		}
		for i := range c.Helpers {
			if k == "credHelpers."+c.Helpers[i].Registry {
				c.Helpers[i].Loc = loc
			}
		}
	}
	return c, nil
}

// ClientContext reads one meta.json of a context store by itself. Errors are
// always *[ConfigFileError].
func ClientContext(data []byte, file string) (snapshot.ClientContext, error) {
	keys, err := keyPlaces(data)
	if err != nil {
		return snapshot.ClientContext{}, err
	}
	c, err := parseContext(data)
	if err != nil {
		return c, &ConfigFileError{Line: 1, Column: 1, Msg: "is not a context of the Docker command"}
	}
	c.Loc = &snapshot.Location{File: text(file), Line: 1, Column: 1}
	if at := keys["Endpoints.docker.Host"]; len(at) > 0 {
		c.Loc.Line, c.Loc.Column = at[len(at)-1].line, at[len(at)-1].column
	}
	return c, nil
}
