using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Sidecar;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>Deployments as an API server gives them, and what an operator makes of them.</summary>
internal static class SidecarScene
{
    public static readonly OperatorOptions Options = new() { RuntimeImage = "runtime:1", FetchImage = "fetch:1" };

    public static V1Alpha1InferenceService Service(InferenceServiceSpec? spec = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u", Generation = 1 },
        Spec = spec ?? new InferenceServiceSpec { Model = new ModelSpec { Uri = "hf://org/name" } },
    };

    /// <param name="change">Of the JSON, before it is read.</param>
    public static InjectedDeployment App(Action<JsonObject>? change = null)
    {
        var app = JsonNode.Parse("""
            {"apiVersion":"apps/v1","kind":"Deployment",
             "metadata":{"name":"app","namespace":"team","uid":"d","resourceVersion":"7","generation":3,"labels":{"a":"b"},"annotations":{"note":"long"},
                         "managedFields":[{"manager":"kubectl","operation":"Update","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"app"}},
                     "template":{"metadata":{"labels":{"app":"app"},"annotations":{"serving.octavo.dev/inject":"chat","other":"x"}},
                                 "spec":{"containers":[{"name":"app","image":"app:1","env":[{"name":"A","value":"B"}],"ports":[{"containerPort":9000}]}],
                                         "volumes":[{"name":"mine","emptyDir":{}}]}}},
             "status":{"replicas":2}}
            """)!.AsObject();
        change?.Invoke(app);
        return KubernetesJson.FromNode<InjectedDeployment>(app);
    }

    public static Action<JsonObject> Annotated(string? service, string? port = null) => app =>
    {
        var annotations = new JsonObject { ["other"] = "x" };
        if (service is not null)
        {
            annotations[SidecarNames.Inject] = service;
        }

        if (port is not null)
        {
            annotations[SidecarNames.InjectPort] = port;
        }

        app["spec"]!["template"]!["metadata"]!["annotations"] = annotations;
    };

    /// <summary>As it is after the record was applied.</summary>
    public static InjectedDeployment With(SidecarRecord record, string? inject = "chat") => App(app =>
    {
        Annotated(inject)(app);
        var template = record.ToTemplate();
        var pod = app["spec"]!["template"]!["spec"]!.AsObject();
        foreach (var (name, value) in template["spec"]!.AsObject())
        {
            pod[name] = value!.DeepClone();
        }

        app["spec"]!["template"]!["metadata"]!["annotations"]![SidecarNames.Injected] = record.Hash;
        app["metadata"]!["annotations"]![SidecarNames.Record] = record.ToText();
        app["metadata"]!["managedFields"]!.AsArray().Add(JsonNode.Parse($$"""{"manager":"{{SidecarNames.FieldManager}}","operation":"Apply","fieldsV1":{"f:spec":{} } }"""));
    });

    public static SidecarDecision Decide(InjectedDeployment deployment, V1Alpha1InferenceService? service, OperatorOptions? options = null, bool isAwaited = false) =>
        SidecarPlan.Decide(deployment, name => name == service?.Metadata.Name ? service : null, _ => isAwaited, options ?? Options);

    /// <summary>What is put into the pods for a spec.</summary>
    public static V1PodSpec Put(InferenceServiceSpec spec, string? port = null)
    {
        var decision = Decide(App(Annotated("chat", port)), Service(spec));
        decision.Note.Should().BeNull();
        return KubernetesJson.FromNode<V1PodTemplateSpec>(decision.Record!.ToTemplate()).Spec!;
    }

    public static V1Container Serving(V1PodSpec pod) => pod.InitContainers!.Single(c => c.Name == SidecarNames.ServingContainer);
}
