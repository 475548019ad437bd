using System.CommandLine;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Configuration;

/// <summary>
/// One feature of the operator: the flags that are its own, what it adds to the container (sub-reconcilers, parts of the status, background services), and the
/// kinds whose changes wake an InferenceService because of it. <see cref="OperatorFeatures"/> lists them all; nothing else needs to know one.
/// </summary>
internal interface IOperatorFeature
{
    /// <summary>Flags of the feature; the same objects at every call.</summary>
    IReadOnlyList<Option> Flags => [];

    /// <summary>Takes the values of <see cref="Flags"/>; gives all that is wrong with them. Without a call the defaults hold.</summary>
    IEnumerable<string> Read(ParseResult parsed) => [];

    /// <summary>What the feature asks of the API server, besides what every operator of its kind does.</summary>
    IReadOnlyList<Permission> Permissions => [];

    void AddServices(IServiceCollection services);

    /// <param name="controller">The controller of InferenceServices.</param>
    /// <param name="made">Selects the objects that the operator made, in the namespaces that it serves.</param>
    void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made)
    {
    }

    /// <summary>Controllers of kinds that are not InferenceServices.</summary>
    /// <param name="runtime">Of the operator.</param>
    /// <param name="all">Selects everything in the namespaces that it serves.</param>
    /// <param name="workers">Objects that a controller reconciles at once.</param>
    void AddControllers(OperatorBuilder runtime, InformerOptions all, int workers)
    {
    }
}
