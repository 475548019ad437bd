namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>A repetition that is counted while matching instead of being written out. Loops of one rule do not nest, so one counter a stack frame is enough.</summary>
/// <param name="Min">Least number of turns.</param>
/// <param name="Max">Most; <see cref="int.MaxValue"/>: no limit, and the count stays at <paramref name="Min"/> once there.</param>
internal readonly record struct CountedLoop(int Min, int Max);
