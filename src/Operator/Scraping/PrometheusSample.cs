namespace Octavo.Operator.Scraping;

/// <summary>One line of a text exposition. Of the labels only a histogram's bound is kept, because nothing here chooses by another.</summary>
/// <param name="UpperBound">The label <c>le</c> of a histogram's bucket; null where the line has none.</param>
internal readonly record struct PrometheusSample(string Name, double Value, double? UpperBound = null);
