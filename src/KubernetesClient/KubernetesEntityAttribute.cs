using System.Reflection;

namespace Octavo.KubernetesClient;

/// <summary>Where a kind lives in the API.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>API group; empty for the core group.</summary>
    public string Group { get; init; } = "";

    public required string ApiVersion { get; init; }
    public required string Kind { get; init; }
    public required string PluralName { get; init; }

    /// <summary>False for kinds such as Node and Namespace.</summary>
    public bool Namespaced { get; init; } = true;

    /// <summary>As objects write it in <c>apiVersion</c>: "v1" or "group/v1".</summary>
    public string GroupVersion => Group.Length == 0 ? ApiVersion : $"{Group}/{ApiVersion}";

    /// <summary>The attribute of a type; throws where it has none, for such a type has no path of its own.</summary>
    public static KubernetesEntityAttribute Of<T>() => Lookup<T>.Value
        ?? throw new InvalidOperationException($"{typeof(T).Name} has no [KubernetesEntity], so it has no path in the API");

    private static class Lookup<T>
    {
        public static readonly KubernetesEntityAttribute? Value = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>();
    }
}
