using System.Text;

namespace Octavo.LocalCluster.ApiServer.Protobuf;

/// <summary>Walks the fields of one protobuf message.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;

    /// <summary>The number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a varint field.</summary>
    public long Number { get; private set; }

    /// <summary>The bytes of a length-delimited field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    /// <exception cref="FormatException">The message is cut off or has a wire type that Kubernetes does not use.</exception>
    public bool Next()
    {
        if (_at >= _message.Length)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3);
        Bytes = default;
        Number = 0;
        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Skip(8);
                break;
            case 2:
                var length = Varint();
                if (length < 0 || _at + length > _message.Length)
                {
                    throw new FormatException("unexpected EOF");
                }

                Bytes = _message.Slice(_at, (int)length);
                _at += (int)length;
                break;
            case 5:
                Skip(4);
                break;
            default:
                throw new FormatException($"proto: illegal wireType {tag & 7}");
        }

        return true;
    }

    private void Skip(int count)
    {
        if (_at + count > _message.Length)
        {
            throw new FormatException("unexpected EOF");
        }

        _at += count;
    }

    private long Varint()
    {
        long result = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _message.Length)
            {
                throw new FormatException("unexpected EOF");
            }

            var part = _message[_at++];
            result |= (long)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return result;
            }
        }

        throw new FormatException("proto: integer overflow");
    }
}
