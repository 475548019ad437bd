using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Planning;

/// <summary>Plans all services of some files, against a cluster or against an older file.</summary>
internal sealed class PlanRun(OperatorOptions options, TimeProvider timeProvider)
{
    public async Task<IReadOnlyList<ServicePlan>> AgainstClusterAsync(IKubernetesClient cluster, IReadOnlyList<V1Alpha1InferenceService> services, CancellationToken cancellationToken)
    {
        var planner = new ServicePlanner(cluster, options, timeProvider);
        var plans = new List<ServicePlan>();
        foreach (var service in services)
        {
            var (wanted, before) = await DryRunAsync(cluster, service, cancellationToken).ConfigureAwait(false);
            plans.Add(await planner.PlanAsync(wanted, before, cancellationToken).ConfigureAwait(false));
        }

        return plans;
    }

    /// <param name="services">The services as they would be.</param>
    /// <param name="old">As they are: all their replicas are taken to be ready. Those that are missing are new.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    public async Task<IReadOnlyList<ServicePlan>> FromFilesAsync(
        IReadOnlyList<V1Alpha1InferenceService> services, IReadOnlyList<V1Alpha1InferenceService> old, CancellationToken cancellationToken)
    {
        var plans = new List<ServicePlan>();
        foreach (var service in services)
        {
            var files = new FileCluster();
            var planner = new ServicePlanner(files, options, timeProvider);
            var before = old.FirstOrDefault(o => o.Metadata.Name == service.Metadata.Name && o.Metadata.NamespaceProperty == service.Metadata.NamespaceProperty);
            if (before is not null)
            {
                before = Identified(before, 1);
                PutClaim(files, before);
                foreach (var made in await planner.ObjectsAsync(before, cancellationToken).ConfigureAwait(false))
                {
                    files.Put(made);
                }

                await PutReplicasAsync(files, before, cancellationToken).ConfigureAwait(false);
            }

            PutClaim(files, service);
            var plan = await planner.PlanAsync(Identified(service, 2), before, cancellationToken).ConfigureAwait(false);
            plans.Add(plan with { Notes = [.. plan.Notes, "planned from files: the rules of the definition, the live objects and free accelerators were not looked at"] });
        }

        return plans;
    }

    /// <summary>
    /// The service as the API server would store it, with all its rules checked, and as it is. The file is all of the spec, but for a number of replicas that it
    /// leaves to others.
    /// </summary>
    private static async Task<(V1Alpha1InferenceService Wanted, V1Alpha1InferenceService? Before)> DryRunAsync(
        IKubernetesClient cluster, V1Alpha1InferenceService service, CancellationToken cancellationToken)
    {
        var write = new WriteOptions { DryRun = true, FieldManager = "octavo-plan", FieldValidation = "Strict" };
        try
        {
            var live = await cluster.FindAsync<V1Alpha1InferenceService>(service.Metadata.Name!, service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            if (live is null)
            {
                return (await cluster.CreateAsync(service with { Status = null }, write, cancellationToken).ConfigureAwait(false), null);
            }

            var spec = service.Spec is { Replicas: null, Autoscaling: null } ? service.Spec with { Replicas = live.Spec.Replicas } : service.Spec;
            return (await cluster.UpdateAsync(live with { Spec = spec }, write, cancellationToken).ConfigureAwait(false), live);
        }
        catch (KubernetesException e)
        {
            throw new PlanException($"InferenceService {service.Metadata.NamespaceProperty}/{service.Metadata.Name}: {e.Message}", e);
        }
    }

    private static V1Alpha1InferenceService Identified(V1Alpha1InferenceService service, long generation) =>
        service with { Metadata = service.Metadata with { Uid = "00000000-0000-0000-0000-000000000000", Generation = generation, ResourceVersion = "1" } };

    /// <summary>The state that the controllers of the workload would have brought about: every replica ready.</summary>
    private static async Task PutReplicasAsync(FileCluster files, V1Alpha1InferenceService service, CancellationToken cancellationToken)
    {
        var (name, space) = (ServingObjectMeta.NameOf(service), service.Metadata.NamespaceProperty);
        if (await files.FindAsync<V1Deployment>(name, space, cancellationToken).ConfigureAwait(false) is { Spec: { Template: { } template } spec } deployment)
        {
            var replicas = spec.Replicas ?? 1;
            files.Put(KubernetesJson.ToNode(deployment with
            {
                Status = new V1DeploymentStatus
                {
                    ObservedGeneration = deployment.Metadata.Generation, Replicas = replicas, UpdatedReplicas = replicas, ReadyReplicas = replicas, AvailableReplicas = replicas,
                },
            }).AsObject());
            PutPods(files, space!, name, template, replicas);
        }

        if (await files.FindAsync<V1LeaderWorkerSet>(ServingLeaderWorkerSet.NameOf(name), space, cancellationToken).ConfigureAwait(false) is { Spec.LeaderWorkerTemplate.LeaderTemplate: { } leader } set)
        {
            var groups = set.Spec.Replicas ?? 1;
            files.Put(KubernetesJson.ToNode(set with
            {
                Status = new V1LeaderWorkerSetStatus { ObservedGeneration = set.Metadata.Generation, Replicas = groups, UpdatedReplicas = groups, ReadyReplicas = groups },
            }).AsObject());
            PutPods(files, space!, set.Metadata.Name!, leader, groups);
        }
    }

    /// <summary>A claim of the user's is taken for granted.</summary>
    private static void PutClaim(FileCluster files, V1Alpha1InferenceService service)
    {
        if (service.Spec.Storage?.ClaimName is { } name)
        {
            files.Put(KubernetesJson.ToNode(new V1PersistentVolumeClaim
            {
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = service.Metadata.NamespaceProperty }, Status = new V1PersistentVolumeClaimStatus { Phase = "Bound" },
            }).AsObject());
        }
    }

    private static void PutPods(FileCluster files, string space, string owner, V1PodTemplateSpec template, int count)
    {
        for (var i = 0; i < count; i++)
        {
            files.Put(KubernetesJson.ToNode(new V1Pod
            {
                Metadata = (template.Metadata ?? new V1ObjectMeta()) with { Name = $"{owner}-{i}", NamespaceProperty = space, Uid = $"{i}" },
                Spec = template.Spec! with { NodeName = $"node-{i}" },
                Status = new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "True" }] },
            }).AsObject());
        }
    }
}
