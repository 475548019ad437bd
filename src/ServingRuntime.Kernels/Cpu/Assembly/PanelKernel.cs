using System.Runtime.CompilerServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// Some rows by some panels, all sums in registers, each one chain over the inputs in order. Where rows are fewer than vectors the rows' inputs stay in registers
/// while weights pass, else the weights do; the order of sums is the same.
/// </summary>
internal sealed unsafe class PanelKernel : IDisposable
{
    private const int PairsOfTile = 16, TileBytes = 1024, RowBytes = 64, Unroll = 4;

    // How far ahead of the sums weights are fetched: far enough for main memory, near enough to stay in the first cache.
    private const int PrefetchBytes = 2048;
    private readonly ExecutableCode code;

    /// <param name="lanes">Of a vector; a panel is two of them wide.</param>
    public PanelKernel(PanelMath math, int lanes, int rows, int panels)
    {
        Rows = rows;
        Panels = panels;
        code = ExecutableCode.Assemble(assembler => new Writer(new VectorAssembler(assembler, lanes), math, rows, panels).Write());
    }

    public int Rows { get; }

    public int Panels { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(PanelCall* call) => ((delegate* unmanaged[SuppressGCTransition]<PanelCall*, void>)code.Address)(call);

    public void Dispose() => code.Dispose();

    private sealed class Writer(VectorAssembler vectors, PanelMath math, int rows, int panels)
    {
        // Rows three by three behind a base register each, since an address adds a register once or twice.
        private static readonly AssemblerRegister64[] RowBases = [rdi, rax, r8, r9];
        private readonly Assembler code = vectors.Code;
        private readonly int width = 2 * panels;
        private readonly bool streams = panels > 1;

        private int FirstFree => rows * width;

        private int PairBytes => vectors.Bytes * 2 * (math == PanelMath.Float32 ? 2 : 1);

        public void Write()
        {
            var call = rdx;
            code.mov(rdx, rdi);
            code.mov(rdi, __[call + PanelCall.XOffset]);
            code.mov(rsi, __[call + PanelCall.PanelOffset]);
            code.mov(r10, __[call + PanelCall.PanelBytesOffset]);
            code.mov(rcx, __[call + PanelCall.StepsOffset]);
            if (math != PanelMath.BFloat16Pairs)
            {
                code.mov(r11, __[call + PanelCall.XStrideOffset]);
                for (var group = 1; group * 3 < rows; group++)
                {
                    code.lea(RowBases[group], __[RowBases[group - 1] + (r11 * 2)]);
                    code.add(RowBases[group], r11);
                }
            }

            if (panels > 3)
            {
                // The fourth panel's distance; rows that many panels go with need no further base.
                code.lea(r9, __[r10 + (r10 * 2)]);
            }

            WriteBegin(call);

            if (math == PanelMath.BFloat16Pairs)
            {
                WriteTiles();
            }
            else
            {
                WritePairs(call);
            }

            WriteEnd(call);
            vectors.Return();
            vectors.WriteConstants();
        }

        /// <summary>Sums are zero or what earlier inputs have made of them.</summary>
        private void WriteBegin(AssemblerRegister64 call)
        {
            var fresh = code.CreateLabel();
            var ready = code.CreateLabel();
            code.cmp(__qword_ptr[call + PanelCall.ContinueOffset], 0);
            code.je(fresh);
            code.push(rcx);
            code.push(rsi);
            code.mov(rcx, __[call + PanelCall.YOffset]);
            code.mov(rsi, __[call + PanelCall.YStrideOffset]);
            for (var row = 0; row < rows; row++)
            {
                for (var vector = 0; vector < width; vector++)
                {
                    vectors.Load((row * width) + vector, __[rcx + (vector * vectors.Bytes)]);
                }

                code.add(rcx, rsi);
            }

            code.pop(rsi);
            code.pop(rcx);
            code.jmp(ready);
            code.Label(ref fresh);
            for (var sum = 0; sum < FirstFree; sum++)
            {
                vectors.Clear(sum);
            }

            code.Label(ref ready);
            code.nop();
        }

        private void WritePairs(AssemblerRegister64 call)
        {
            var next = code.CreateLabel();
            var last = code.CreateLabel();
            var end = code.CreateLabel();
            code.test(rcx, rcx);
            code.jz(last);
            code.Label(ref next);
            Step(0, 0);
            Step(1, 0);
            Prefetch(0, PairBytes);
            for (var group = 0; group * 3 < rows; group++)
            {
                code.add(RowBases[group], 2 * sizeof(float));
            }

            code.add(rsi, PairBytes);
            code.dec(rcx);
            code.jnz(next);
            code.Label(ref last);
            code.cmp(__qword_ptr[call + PanelCall.OddOffset], 0);
            code.je(end);
            Step(0, 0);
            code.Label(ref end);
            code.nop();
        }

        private void WriteTiles()
        {
            var tile = code.CreateLabel();
            var next = code.CreateLabel();
            code.Label(ref tile);
            code.mov(eax, PairsOfTile / Unroll);
            code.Label(ref next);
            for (var pair = 0; pair < Unroll; pair++)
            {
                Step(0, pair);
                Prefetch(pair * PairBytes, PairBytes);
            }

            code.add(rdi, Unroll * sizeof(uint));
            code.add(rsi, Unroll * PairBytes);
            code.dec(eax);
            code.jnz(next);
            code.add(rdi, TileBytes - (PairsOfTile * sizeof(uint)));
            code.dec(rcx);
            code.jnz(tile);
        }

        /// <summary>One input (of a pair the first or second), or one whole pair where pairs are multiplied at once.</summary>
        private void Step(int half, int pair)
        {
            var from = pair * PairBytes;
            if (rows <= width)
            {
                for (var row = 0; row < rows; row++)
                {
                    vectors.Broadcast(FirstFree + row, Input(row, half, pair));
                }

                var free = vectors.Registers - FirstFree - rows;
                for (var vector = 0; vector < width; vector++)
                {
                    var weight = FirstFree + rows + (vector % free);
                    LoadWeights(weight, vector, half, from);
                    for (var row = 0; row < rows; row++)
                    {
                        Multiply((row * width) + vector, FirstFree + row, weight);
                    }
                }
            }
            else
            {
                for (var vector = 0; vector < width; vector++)
                {
                    LoadWeights(FirstFree + vector, vector, half, from);
                }

                var free = vectors.Registers - FirstFree - width;
                for (var row = 0; row < rows; row++)
                {
                    var input = FirstFree + width + (row % free);
                    vectors.Broadcast(input, Input(row, half, pair));
                    for (var vector = 0; vector < width; vector++)
                    {
                        Multiply((row * width) + vector, input, FirstFree + vector);
                    }
                }
            }
        }

        private void Multiply(int sum, int input, int weight)
        {
            if (math == PanelMath.BFloat16Pairs)
            {
                vectors.DotBFloat16(sum, input, weight);
            }
            else
            {
                vectors.MultiplyAdd(sum, input, weight);
            }
        }

        private AssemblerMemoryOperand Input(int row, int half, int pair)
        {
            if (math == PanelMath.BFloat16Pairs)
            {
                return __[rdi + ((row * RowBytes) + (pair * sizeof(uint)))];
            }

            var within = half * sizeof(float);
            return (row % 3) switch
            {
                0 => __[RowBases[row / 3] + within],
                1 => __[RowBases[row / 3] + r11 + within],
                _ => __[RowBases[row / 3] + (r11 * 2) + within],
            };
        }

        private void LoadWeights(int to, int vector, int half, int from)
        {
            var panel = vector / 2;
            switch (math)
            {
                case PanelMath.Float32:
                    vectors.Load(to, Weight(panel, from + (((half * 2) + (vector % 2)) * vectors.Bytes)));
                    break;
                case PanelMath.Float16:
                    vectors.LoadFloat16(to, Weight(panel, from + (((half * 2) + (vector % 2)) * vectors.Bytes / 2)));
                    break;
                case PanelMath.BFloat16 when half == 0:
                    vectors.LoadLowBFloat16(to, Weight(panel, from + (vector % 2 * vectors.Bytes)));
                    break;
                case PanelMath.BFloat16:
                    vectors.LoadHighBFloat16(to, Weight(panel, from + (vector % 2 * vectors.Bytes)));
                    break;
                default:
                    vectors.Load(to, Weight(panel, from + (vector % 2 * vectors.Bytes)));
                    break;
            }
        }

        private AssemblerMemoryOperand Weight(int panel, int from) => panel switch
        {
            0 => __[rsi + from],
            1 => __[rsi + r10 + from],
            2 => __[rsi + (r10 * 2) + from],
            _ => __[rsi + r9 + from],
        };

        private void Prefetch(int from, int bytes)
        {
            for (var panel = 0; streams && panel < panels; panel++)
            {
                for (var line = 0; line < bytes; line += 64)
                {
                    code.prefetcht0(Weight(panel, from + PrefetchBytes + line));
                }
            }
        }

        /// <summary>The bias, then the sums to memory.</summary>
        private void WriteEnd(AssemblerRegister64 call)
        {
            var store = code.CreateLabel();
            code.mov(rax, __[call + PanelCall.YOffset]);
            code.mov(rcx, __[call + PanelCall.YStrideOffset]);
            code.mov(rsi, __[call + PanelCall.BiasOffset]);
            code.test(rsi, rsi);
            code.jz(store);
            for (var sum = 0; sum < FirstFree; sum++)
            {
                vectors.Add(sum, __[rsi + (sum % width * vectors.Bytes)]);
            }

            code.Label(ref store);
            for (var row = 0; row < rows; row++)
            {
                for (var vector = 0; vector < width; vector++)
                {
                    vectors.Store(__[rax + (vector * vectors.Bytes)], (row * width) + vector);
                }

                code.add(rax, rcx);
            }
        }
    }
}
