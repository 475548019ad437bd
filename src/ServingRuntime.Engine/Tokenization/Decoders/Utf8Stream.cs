using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Decoders;

/// <summary>Byte-level tokens: characters are passed on as soon as their bytes are all there.</summary>
internal sealed class Utf8Stream(TextStream next) : TextStream
{
    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();

    public override void Push(string token) => Push(ByteLevelDecoder.BytesOf(token), flush: false);

    public override void Flush()
    {
        Push([], flush: true);
        next.Flush();
    }

    public override void Forget() => next.Forget();

    private void Push(byte[] bytes, bool flush)
    {
        var chars = new char[bytes.Length + 3];
        next.Push(new string(chars, 0, utf8.GetChars(bytes, chars, flush)));
    }
}
