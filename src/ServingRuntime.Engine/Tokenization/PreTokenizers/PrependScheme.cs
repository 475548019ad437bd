namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>When a Metaspace component puts its mark before the text.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}
