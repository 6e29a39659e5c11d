package kubeobj

// template says where objects of a kind have what becomes pods.
type template struct {
	paths    []string // to pod specifications, from the object; * is every item of a list or value of a mapping
	form     form
	replicas string // path to the number of replicas
	suspend  string // path to a boolean that stops it
}

// form is what stands at the path of a template.
type form uint8

const (
	whole   form = iota // a pod specification
	partial             // fields of one, to which the operator adds what only it knows
	steps               // a list of containers of Tekton, with volumes beside it
	spark               // the driver or an executor of Spark: fields of its own
	flow                // templates of Argo Workflows: one container each
)

// templates are the kinds that are known, by group/kind. A kind whose objects only
// lead to workloads that the API shows too is partial: in a cluster those are judged.
var templates = map[string]template{
	"argoproj.io/Rollout":                            {paths: []string{"spec.template.spec"}, replicas: "spec.replicas"},
	"argoproj.io/Workflow":                           {paths: []string{"spec"}, form: flow, suspend: "spec.suspend"},
	"argoproj.io/WorkflowTemplate":                   {paths: []string{"spec"}, form: flow},
	"argoproj.io/ClusterWorkflowTemplate":            {paths: []string{"spec"}, form: flow},
	"argoproj.io/CronWorkflow":                       {paths: []string{"spec.workflowSpec"}, form: flow, suspend: "spec.suspend"},
	"serving.knative.dev/Service":                    {paths: []string{"spec.template.spec"}},
	"serving.knative.dev/Configuration":              {paths: []string{"spec.template.spec"}},
	"serving.knative.dev/Revision":                   {paths: []string{"spec"}},
	"sources.knative.dev/ContainerSource":            {paths: []string{"spec.template.spec"}},
	"core.strimzi.io/StrimziPodSet":                  {paths: []string{"spec.pods.*.spec"}},
	"kafka.strimzi.io/Kafka":                         {paths: []string{"spec.kafka.template.pod", "spec.zookeeper.template.pod", "spec.entityOperator.template.pod"}, form: partial},
	"kafka.strimzi.io/KafkaNodePool":                 {paths: []string{"spec.template.pod"}, form: partial, replicas: "spec.replicas"},
	"kafka.strimzi.io/KafkaConnect":                  {paths: []string{"spec.template.pod"}, form: partial, replicas: "spec.replicas"},
	"kafka.strimzi.io/KafkaBridge":                   {paths: []string{"spec.template.pod"}, form: partial, replicas: "spec.replicas"},
	"kafka.strimzi.io/KafkaMirrorMaker2":             {paths: []string{"spec.template.pod"}, form: partial, replicas: "spec.replicas"},
	"sparkoperator.k8s.io/SparkApplication":          {paths: []string{"spec.driver", "spec.executor"}, form: spark, suspend: "spec.suspend"},
	"sparkoperator.k8s.io/ScheduledSparkApplication": {paths: []string{"spec.template.driver", "spec.template.executor"}, form: spark, suspend: "spec.suspend"},
	"tekton.dev/Task":                                {paths: []string{"spec"}, form: steps},
	"tekton.dev/ClusterTask":                         {paths: []string{"spec"}, form: steps},
	"tekton.dev/TaskRun":                             {paths: []string{"spec.taskSpec"}, form: steps},
	"tekton.dev/Pipeline":                            {paths: []string{"spec.tasks.*.taskSpec", "spec.finally.*.taskSpec"}, form: steps},
	"tekton.dev/PipelineRun":                         {paths: []string{"spec.pipelineSpec.tasks.*.taskSpec", "spec.pipelineSpec.finally.*.taskSpec"}, form: steps},
	"triggers.tekton.dev/EventListener":              {paths: []string{"spec.resources.kubernetesResource.spec.template.spec"}, form: partial},
	"monitoring.coreos.com/Prometheus":               {paths: []string{"spec"}, form: partial, replicas: "spec.replicas"},
	"monitoring.coreos.com/PrometheusAgent":          {paths: []string{"spec"}, form: partial, replicas: "spec.replicas"},
	"monitoring.coreos.com/Alertmanager":             {paths: []string{"spec"}, form: partial, replicas: "spec.replicas"},
	"monitoring.coreos.com/ThanosRuler":              {paths: []string{"spec"}, form: partial, replicas: "spec.replicas"},
	"opentelemetry.io/OpenTelemetryCollector":        {paths: []string{"spec"}, form: partial, replicas: "spec.replicas"},
	"keda.sh/ScaledJob":                              {paths: []string{"spec.jobTargetRef.template.spec"}},
	"apps.kruise.io/CloneSet":                        {paths: []string{"spec.template.spec"}, replicas: "spec.replicas"},
	"apps.kruise.io/StatefulSet":                     {paths: []string{"spec.template.spec"}, replicas: "spec.replicas"},
	"apps.kruise.io/DaemonSet":                       {paths: []string{"spec.template.spec"}},
	"apps.kruise.io/BroadcastJob":                    {paths: []string{"spec.template.spec"}},
	"apps.kruise.io/AdvancedCronJob":                 {paths: []string{"spec.template.jobTemplate.spec.template.spec", "spec.template.broadcastJobTemplate.spec.template.spec"}},
	"apps.kruise.io/UnitedDeployment":                {paths: []string{"spec.template.*.spec.template.spec"}},
	"apps.kruise.io/SidecarSet":                      {paths: []string{"spec"}, form: partial},
	"kubeflow.org/TFJob":                             {paths: []string{"spec.tfReplicaSpecs.*.template.spec"}},
	"kubeflow.org/PyTorchJob":                        {paths: []string{"spec.pytorchReplicaSpecs.*.template.spec"}},
	"kubeflow.org/MPIJob":                            {paths: []string{"spec.mpiReplicaSpecs.*.template.spec"}},
	"kubeflow.org/XGBoostJob":                        {paths: []string{"spec.xgbReplicaSpecs.*.template.spec"}},
	"kubeflow.org/PaddleJob":                         {paths: []string{"spec.paddleReplicaSpecs.*.template.spec"}},
	"kubeflow.org/JAXJob":                            {paths: []string{"spec.jaxReplicaSpecs.*.template.spec"}},
	"kubeflow.org/MXJob":                             {paths: []string{"spec.mxReplicaSpecs.*.template.spec"}},
	"kubeflow.org/Notebook":                          {paths: []string{"spec.template.spec"}},
	"trainer.kubeflow.org/ClusterTrainingRuntime":    {paths: []string{"spec.template.spec.replicatedJobs.*.template.spec.template.spec"}},
	"trainer.kubeflow.org/TrainingRuntime":           {paths: []string{"spec.template.spec.replicatedJobs.*.template.spec.template.spec"}},
	"serving.kserve.io/InferenceService":             {paths: []string{"spec.predictor", "spec.transformer", "spec.explainer"}, form: partial},
	"jobset.x-k8s.io/JobSet":                         {paths: []string{"spec.replicatedJobs.*.template.spec.template.spec"}, suspend: "spec.suspend"},
	"leaderworkerset.x-k8s.io/LeaderWorkerSet":       {paths: []string{"spec.leaderWorkerTemplate.leaderTemplate.spec", "spec.leaderWorkerTemplate.workerTemplate.spec"}, replicas: "spec.replicas"},
	"ray.io/RayCluster":                              {paths: []string{"spec.headGroupSpec.template.spec", "spec.workerGroupSpecs.*.template.spec"}, suspend: "spec.suspend"},
	"ray.io/RayJob":                                  {paths: []string{"spec.rayClusterSpec.headGroupSpec.template.spec", "spec.rayClusterSpec.workerGroupSpecs.*.template.spec", "spec.submitterPodTemplate.spec"}, suspend: "spec.suspend"},
	"ray.io/RayService":                              {paths: []string{"spec.rayClusterConfig.headGroupSpec.template.spec", "spec.rayClusterConfig.workerGroupSpecs.*.template.spec"}},
	"batch.volcano.sh/Job":                           {paths: []string{"spec.tasks.*.template.spec"}},
	"agones.dev/GameServer":                          {paths: []string{"spec.template.spec"}},
	"agones.dev/GameServerSet":                       {paths: []string{"spec.template.spec.template.spec"}, replicas: "spec.replicas"},
	"agones.dev/Fleet":                               {paths: []string{"spec.template.spec.template.spec"}, replicas: "spec.replicas"},
	"apps.openshift.io/DeploymentConfig":             {paths: []string{"spec.template.spec"}, replicas: "spec.replicas"},
	"actions.github.com/AutoscalingRunnerSet":        {paths: []string{"spec.template.spec"}},
	"actions.github.com/EphemeralRunnerSet":          {paths: []string{"spec.ephemeralRunnerSpec.spec"}, replicas: "spec.replicas"},
	"actions.github.com/EphemeralRunner":             {paths: []string{"spec.spec"}},
	"actions.summerwind.dev/RunnerDeployment":        {paths: []string{"spec.template.spec"}, form: partial, replicas: "spec.replicas"},
	"elasticsearch.k8s.elastic.co/Elasticsearch":     {paths: []string{"spec.nodeSets.*.podTemplate.spec"}, form: partial},
	"kibana.k8s.elastic.co/Kibana":                   {paths: []string{"spec.podTemplate.spec"}, form: partial},
	"logstash.k8s.elastic.co/Logstash":               {paths: []string{"spec.podTemplate.spec"}, form: partial},
	"beat.k8s.elastic.co/Beat":                       {paths: []string{"spec.daemonSet.podTemplate.spec", "spec.deployment.podTemplate.spec"}, form: partial},
	"agent.k8s.elastic.co/Agent":                     {paths: []string{"spec.daemonSet.podTemplate.spec", "spec.deployment.podTemplate.spec"}, form: partial},
}
