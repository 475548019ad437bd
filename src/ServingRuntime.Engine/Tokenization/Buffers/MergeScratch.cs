namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>Arrays that the models work in while they tokenize one piece.</summary>
internal sealed class MergeScratch
{
    private byte[] bytes = new byte[256];
    private int[] symbols = new int[256];
    private int[] next = [];
    private int[] previous = [];
    private ulong[] queue = [];
    private double[] scores = [];

    public int Capacity => Math.Max(bytes.Length, Math.Max(symbols.Length, Math.Max(queue.Length, scores.Length)));

    public Span<byte> Bytes(int length) => Grown(ref bytes, length);

    public Span<int> Symbols(int length) => Grown(ref symbols, length);

    public Span<int> Next(int length) => Grown(ref next, length);

    public Span<int> Previous(int length) => Grown(ref previous, length);

    public Span<double> Scores(int length) => Grown(ref scores, length);

    public ulong[] Queue(int length)
    {
        Grown(ref queue, length);
        return queue;
    }

    private static Span<T> Grown<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, (int)Math.Min((long)array.Length * 2, Array.MaxLength))];
        }

        return array;
    }
}
