using System.Text;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>Finds the first syntax error of a JSON text and words it as Go's encoding/json does, which is what clients see.</summary>
internal sealed class GoJsonSyntax
{
    private readonly byte[] _text;
    private int _at;

    private GoJsonSyntax(byte[] text) => _text = text;

    /// <summary>The error, or null for a well-formed text.</summary>
    public static string? FindError(byte[] text)
    {
        try
        {
            var scanner = new GoJsonSyntax(text);
            scanner.Space();
            scanner.Value("looking for beginning of value");
            scanner.Space();
            if (scanner._at < text.Length)
            {
                scanner.Fail("after top-level value");
            }

            return null;
        }
        catch (SyntaxException error)
        {
            return error.Message;
        }
    }

    private void Value(string context)
    {
        switch (Peek())
        {
            case '{':
                Object();
                break;
            case '[':
                Array();
                break;
            case '"':
                String();
                break;
            case 't':
                Literal("true");
                break;
            case 'f':
                Literal("false");
                break;
            case 'n':
                Literal("null");
                break;
            case '-' or (>= '0' and <= '9'):
                Number();
                break;
            default:
                Fail(context);
                break;
        }
    }

    private void Object()
    {
        _at++;
        Space();
        if (Peek() == '}')
        {
            _at++;
            return;
        }

        while (true)
        {
            if (Peek() != '"')
            {
                Fail("looking for beginning of object key string");
            }

            String();
            Space();
            if (Peek() != ':')
            {
                Fail("after object key");
            }

            _at++;
            Space();
            Value("looking for beginning of value");
            if (IsEnd('}', "after object key:value pair"))
            {
                return;
            }
        }
    }

    private void Array()
    {
        _at++;
        Space();
        if (Peek() == ']')
        {
            _at++;
            return;
        }

        while (true)
        {
            Value("looking for beginning of value");
            if (IsEnd(']', "after array element"))
            {
                return;
            }
        }
    }

    /// <summary>After an item: takes the comma, or the closing bracket and is done.</summary>
    private bool IsEnd(char close, string problem)
    {
        Space();
        if (Peek() == ',')
        {
            _at++;
            Space();
            return false;
        }

        if (Peek() != close)
        {
            Fail(problem);
        }

        _at++;
        return true;
    }

    private void String()
    {
        _at++;
        while (Peek() != '"')
        {
            if (_text[_at] < 0x20)
            {
                Fail("in string literal");
            }

            if (_text[_at] == '\\')
            {
                _at++;
                if ("\"\\/bfnrtu".IndexOf(Peek(), StringComparison.Ordinal) < 0)
                {
                    Fail("in string escape code");
                }
            }

            _at++;
        }

        _at++;
    }

    private void Literal(string word)
    {
        for (var i = 0; i < word.Length; i++, _at++)
        {
            if (Peek() != word[i])
            {
                Fail($"in literal {word} (expecting '{word[i]}')");
            }
        }
    }

    private void Number()
    {
        if (Peek() == '-')
        {
            _at++;
            if (!char.IsAsciiDigit(Peek()))
            {
                Fail("in numeric literal");
            }
        }

        while (_at < _text.Length && (char.IsAsciiDigit((char)_text[_at]) || "+-.eE".Contains((char)_text[_at], StringComparison.Ordinal)))
        {
            _at++;
        }
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            _at++;
            if (_at >= _text.Length)
            {
                return;
            }
        }
    }

    private char Peek() => _at < _text.Length ? (char)_text[_at] : throw new SyntaxException("unexpected end of JSON input");

    private void Fail(string context)
    {
        var rune = Rune.DecodeFromUtf8(_text.AsSpan(_at), out var value, out _) == System.Buffers.OperationStatus.Done ? value.ToString() : "\\ufffd";
        var shown = rune switch
        {
            "'" => "'\\''",
            "\"" => "'\"'",
            "\n" => "'\\n'",
            "\t" => "'\\t'",
            "\r" => "'\\r'",
            _ => $"'{rune}'",
        };
        throw new SyntaxException($"invalid character {shown} {context}");
    }

    private sealed class SyntaxException(string message) : Exception(message);
}
