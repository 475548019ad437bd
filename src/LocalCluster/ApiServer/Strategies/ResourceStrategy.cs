using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>What a resource does beyond what its schema says. This base class is the behaviour of most resources.</summary>
internal class ResourceStrategy
{
    /// <summary>Defaults that no schema tells; they belong to the client, as all defaults do.</summary>
    public virtual void Default(JsonObject value)
    {
    }

    /// <summary>Fields that the server sets on create, before validation.</summary>
    public virtual void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
    }

    /// <summary>Fields that the server keeps on update, before validation.</summary>
    public virtual void PrepareForUpdate(ResourceDefinition resource, JsonObject value, JsonObject live)
    {
    }

    /// <summary>Parts of a status that are written even when they are unset.</summary>
    public virtual void CompleteStatus(JsonObject value)
    {
    }

    /// <summary>Takes what must be unique in the cluster, after validation; throws an ApiException when it cannot.</summary>
    /// <param name="live">Null on create.</param>
    public virtual void Allocate(JsonObject value, JsonObject? live)
    {
    }

    /// <summary>Gives back what <see cref="Allocate"/> took.</summary>
    public virtual void Release(JsonObject value)
    {
    }

    /// <summary>How long the object stays after a delete; 0 removes it at once.</summary>
    public virtual long GracePeriodSeconds(JsonObject value, long? asked) => 0;

    /// <summary>Whether the object supports graceful deletion at all.</summary>
    public virtual bool IsGraceful => false;

    /// <summary>Whether a delete answers with the object instead of a Status.</summary>
    public virtual bool ReturnsDeletedObject => false;

    /// <summary>Whether something besides metadata.finalizers keeps the object.</summary>
    public virtual bool IsHeld(JsonObject value) => false;

    /// <summary>Changes that come with being marked for deletion.</summary>
    public virtual void MarkDeleting(JsonObject value)
    {
    }

    /// <summary>Why the object may not be deleted, or null.</summary>
    public virtual string? RefuseDelete(string name) => null;
}
