namespace Octavo.Operator.CustomResources;

/// <summary>A CEL rule (<c>x-kubernetes-validations</c>) on a type or a field; <c>self</c> is the value, <c>oldSelf</c> in a transition rule the one before.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
internal sealed class ValidationRuleAttribute(string rule, string message) : Attribute
{
    public string Rule { get; } = rule;
    public string Message { get; } = message;

    /// <summary>Reason of the cause in the answer: FieldValueInvalid where it is not given, FieldValueForbidden, FieldValueRequired or FieldValueDuplicate.</summary>
    public string? Reason { get; init; }

    /// <summary>The field below <c>self</c> that the answer names, such as <c>.engine.dtype</c>; null: <c>self</c>.</summary>
    public string? FieldPath { get; init; }
}
