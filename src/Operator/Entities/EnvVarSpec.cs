using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>An environment variable.</summary>
[ValidationRule("!(has(self.value) && has(self.valueFrom))", "value and valueFrom exclude each other")]
public sealed record EnvVarSpec
{
    /// <summary>Name of the variable.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Name { get; init; }

    /// <summary>Literal value.</summary>
    [Schema(MaxLength = 32768)]
    public string? Value { get; init; }

    /// <summary>Where the value comes from.</summary>
    public EnvVarSourceSpec? ValueFrom { get; init; }
}

/// <summary>Source of an environment variable's value; exactly one.</summary>
[ValidationRule("has(self.secretKeyRef) != has(self.configMapKeyRef)", "exactly one of secretKeyRef and configMapKeyRef is needed")]
public sealed record EnvVarSourceSpec
{
    /// <summary>A key of a Secret in the same namespace.</summary>
    public KeySelectorSpec? SecretKeyRef { get; init; }

    /// <summary>A key of a ConfigMap in the same namespace.</summary>
    public KeySelectorSpec? ConfigMapKeyRef { get; init; }
}

/// <summary>A key of an object in the same namespace.</summary>
public sealed record KeySelectorSpec
{
    /// <summary>Name of the object.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Name { get; init; }

    /// <summary>Key within it.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Key { get; init; }

    /// <summary>Whether the pod may start without it.</summary>
    public bool? Optional { get; init; }
}
