using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Configuration;

public sealed class OperatorApplicationTests
{
    [Fact]
    public async Task AddOperator_ServiceApplied_IsReconciledByTheRunningHost()
    {
        var client = new FakeKubernetesClient(TimeProvider.System);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IKubernetesClient>(client);
        OperatorApplication.AddOperator(builder.Services, new OperatorOptions(), "default");
        using var host = builder.Build();
        await host.StartAsync();
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.OnRequest = (request, _) =>
        {
            if (request is { Verb: "apply", Kind: "InferenceService", Subresource: "status" })
            {
                made.TrySetResult();
            }

            return Task.CompletedTask;
        };

        await client.CreateAsync(
            new V1Alpha1InferenceService
            {
                Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "default" },
                Spec = new InferenceServiceSpec { Model = new ModelSpec { Uri = "file:///models/tiny" } },
            },
            null,
            CancellationToken.None);

        await made.Task.WaitAsync(TimeSpan.FromSeconds(30));
        (await client.FindAsync<V1Deployment>("chat", "default", CancellationToken.None)).Should().NotBeNull();
        await host.StopAsync();
    }
}
