namespace Octavo.Operator.Scraping;

/// <summary>One line of a text exposition. Labels stay as written, because nothing here chooses by them.</summary>
internal readonly record struct PrometheusSample(string Name, double Value);
