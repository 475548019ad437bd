namespace Octavo.Operator.Controller;

/// <summary>What a look at the world says of one condition.</summary>
/// <param name="Status">True, False or, as null, Unknown.</param>
/// <param name="Reason">UpperCamelCase, for machines.</param>
/// <param name="Message">A sentence, for people.</param>
/// <param name="NeedsPerson">No progress without a change by a person.</param>
internal sealed record Finding(bool? Status, string Reason, string Message, bool NeedsPerson = false);
