namespace Octavo.Operator.CustomResources;

/// <summary>A CEL rule (<c>x-kubernetes-validations</c>) on a type or a field; <c>self</c> is the value.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
internal sealed class ValidationRuleAttribute(string rule, string message) : Attribute
{
    public string Rule { get; } = rule;
    public string Message { get; } = message;
}
