using System.Security.Cryptography;
using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Equal specifications as equal keys: SHA-256 over an unambiguous writing of the tree. Also where the size of the whole is checked, before anything is parsed.</summary>
internal sealed class SpecificationKey(GrammarCompilerOptions options)
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int textBytes;

    /// <exception cref="GrammarException">The texts are too long together, or the tree is too deep.</exception>
    public static string Of(GrammarSpec spec, GrammarCompilerOptions options)
    {
        var key = new SpecificationKey(options);
        using (key.hash)
        {
            key.Write(spec, 0);
            return Convert.ToHexString(key.hash.GetHashAndReset());
        }
    }

    private void Write(GrammarSpec spec, int depth)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (depth > options.MaxDepth)
        {
            throw CompileBudget.Exceeded($"is nested deeper than {options.MaxDepth} levels");
        }

        Write(spec.GetType().Name);
        switch (spec)
        {
            case GrammarSpec.JsonObject json:
                Write(json.DisableAnyWhitespace ? 1 : 0);
                break;
            case GrammarSpec.JsonSchema schema:
                Write(schema.DisableAnyWhitespace ? 1 : 0);
                Write(schema.Schema);
                break;
            case GrammarSpec.Regex regex:
                Write(regex.Pattern);
                break;
            case GrammarSpec.Choice choice:
                Write(choice.Options.Count);
                foreach (var option in choice.Options)
                {
                    Write(option);
                }

                break;
            case GrammarSpec.Ebnf ebnf:
                Write(ebnf.Text);
                break;
            case GrammarSpec.Literal literal:
                Write(literal.Text);
                break;
            case GrammarSpec.FreeTextUntil free:
                Write(free.Trigger);
                break;
            case GrammarSpec.Sequence sequence:
                WriteAll(sequence.Parts, depth);
                break;
            case GrammarSpec.Alternation alternation:
                WriteAll(alternation.Options, depth);
                break;
            case GrammarSpec.Repeat repeat:
                Write(repeat.Min);
                Write(repeat.Max ?? -1);
                Write(repeat.Separator);
                Write(repeat.Part, depth + 1);
                break;
            case GrammarSpec.TriggeredText triggered:
                Write(triggered.Parts.Count);
                foreach (var part in triggered.Parts)
                {
                    Write(part.Trigger);
                    Write(part.Continuation, depth + 1);
                }

                break;
            case GrammarSpec.AfterReasoning reasoning:
                Write(reasoning.EndMarker);
                Write(reasoning.Answer, depth + 1);
                break;
            default:
                throw new InvalidOperationException($"no specification: {spec.GetType().Name}");
        }
    }

    private void WriteAll(IReadOnlyList<GrammarSpec> parts, int depth)
    {
        Write(parts.Count);
        foreach (var part in parts)
        {
            Write(part, depth + 1);
        }
    }

    private void Write(int number) => hash.AppendData(BitConverter.GetBytes(number));

    private void Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A text's length is checked before it is encoded: encoding never makes it shorter.
        textBytes += text.Length;
        if (textBytes > options.MaxTextBytes)
        {
            throw CompileBudget.Exceeded($"is longer than {options.MaxTextBytes} bytes");
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        textBytes += bytes.Length - text.Length;
        Write(bytes.Length);
        hash.AppendData(bytes);
    }
}
