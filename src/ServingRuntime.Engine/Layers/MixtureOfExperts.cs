using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Each token goes to the k experts that the router rates highest, and their outputs are summed by its weights. Experts take their tokens together, in order of
/// the experts, so that a token's sum has one order whatever else is in the batch. Where the backend is an <see cref="IExpertKernels"/> nothing of it comes to the host.
/// </summary>
public sealed class MixtureOfExperts : IFeedForward
{
    private readonly IKernelBackend backend;
    private readonly MixtureOfExpertsConfig config;
    private readonly Linear router;
    private readonly GatedMlp[] experts;
    private readonly GatedMlp? sharedExpert;
    private readonly Linear? sharedGate;
    private readonly IExpertKernels? kernels;
    private readonly ExpertWeights? together;
    private readonly List<int>[] rowsOf;
    private readonly List<float>[] weightsOf;
    private int[] chosen = [];
    private float[] ratings = [];
    private Tensor indices;
    private Tensor factors;

    public MixtureOfExperts(WeightLoader loader, string prefix, int hiddenSize, MixtureOfExpertsConfig config)
    {
        if (config.ExpertsPerToken > config.NumExperts)
        {
            throw new CheckpointException($"num_experts_per_tok: {config.ExpertsPerToken} of {config.NumExperts} experts");
        }

        backend = loader.Backend;
        this.config = config;
        router = new Linear(loader, hiddenSize, bias: false, (prefix + ".gate", config.NumExperts));
        experts = new GatedMlp[config.NumExperts];
        for (var e = 0; e < experts.Length; e++)
        {
            experts[e] = new GatedMlp(loader, $"{prefix}.experts.{e}", hiddenSize, config.IntermediateSize, config.Activation, config.Names);
        }

        if (config.SharedIntermediateSize is { } shared)
        {
            sharedExpert = new GatedMlp(loader, prefix + ".shared_expert", hiddenSize, shared, config.Activation, config.Names);
            sharedGate = new Linear(loader, hiddenSize, bias: false, (prefix + ".shared_expert_gate", 1));
        }

        kernels = backend as IExpertKernels;
        together = kernels is null ? null : Together(kernels);
        rowsOf = [.. experts.Select(_ => new List<int>())];
        weightsOf = [.. experts.Select(_ => new List<float>())];
        (indices, factors) = (backend.Allocate(new TensorShape(config.ExpertsPerToken), DType.Int32), backend.Allocate(new TensorShape(config.ExpertsPerToken), DType.Float32));
    }

    internal Linear Router => router;

    internal IReadOnlyList<GatedMlp> Experts => experts;

    internal GatedMlp? SharedExpert => sharedExpert;

    internal Linear? SharedGate => sharedGate;

    /// <summary>It sorts tokens by expert, where the backend does not.</summary>
    public bool NeedsHost => together is null;

    public void Forward(in Tensor hidden, ActivationArena arena)
    {
        var mark = arena.Mark();
        int tokens = hidden.Shape[0], width = hidden.Shape[1];

        // In float32 whatever activations are, so that it is rounded once and not with every expert.
        var sum = arena.Take(tokens, width, DType.Float32);
        if (together is null)
        {
            ForwardByExpert(hidden, sum, arena);
        }
        else
        {
            ForwardTogether(hidden, sum, arena);
        }

        backend.Copy(sum, hidden);
        arena.Release(mark);
    }

    public void Dispose()
    {
        together?.Dispose();
        router.Dispose();
        Array.ForEach(experts, expert => expert.Dispose());
        sharedExpert?.Dispose();
        sharedGate?.Dispose();
        indices.Memory.Dispose();
        factors.Memory.Dispose();
    }

    private ExpertWeights? Together(IExpertKernels offered)
    {
        LinearWeight[] gateUp = [.. experts.Select(expert => expert.GateUp.Single).OfType<LinearWeight>()], down = [.. experts.Select(expert => expert.Down.Single).OfType<LinearWeight>()];
        return gateUp.Length == experts.Length && down.Length == experts.Length ? offered.CreateExperts(gateUp, down, config.Activation) : null;
    }

    /// <summary>All on the device.</summary>
    private void ForwardTogether(in Tensor hidden, in Tensor sum, ActivationArena arena)
    {
        int tokens = hidden.Shape[0], width = hidden.Shape[1];
        var logits = arena.Take(tokens, config.NumExperts, DType.Float32);
        router.Forward(hidden, logits);
        kernels!.Experts(hidden, logits, config.ExpertsPerToken, config.Renormalize, together!, sum);
        if (sharedExpert is not null)
        {
            var gate = arena.Take(tokens, 1, DType.Float32);
            var shared = arena.Take(tokens, width, hidden.DType);
            sharedGate!.Forward(hidden, gate);
            backend.Copy(hidden, shared);
            sharedExpert.Forward(shared, arena);
            kernels.AddGated(shared, gate, sum);
        }
    }

    /// <summary>The host sorts tokens, and each expert computes its own.</summary>
    private void ForwardByExpert(in Tensor hidden, in Tensor sum, ActivationArena arena)
    {
        Route(hidden, arena);
        backend.Fill(sum, 0f);
        for (var e = 0; e < experts.Length; e++)
        {
            if (rowsOf[e].Count > 0)
            {
                AddExpert(experts[e], hidden, CollectionsMarshal.AsSpan(rowsOf[e]), CollectionsMarshal.AsSpan(weightsOf[e]), sum, arena);
            }
        }

        if (sharedExpert is not null)
        {
            AddSharedExpert(hidden, sum, arena);
        }
    }

    /// <summary>Sorts tokens by expert.</summary>
    private void Route(in Tensor input, ActivationArena arena)
    {
        var mark = arena.Mark();
        int tokens = input.Shape[0], k = config.ExpertsPerToken, entries = tokens * k;
        EnsureCapacity(entries);
        var logits = arena.Take(tokens, config.NumExperts, DType.Float32);
        router.Forward(input, logits);
        backend.TopExperts(logits, k, config.Renormalize, indices.Rows(0, entries), factors.Rows(0, entries));
        backend.CopyToHost(indices.Rows(0, entries), chosen.AsSpan(0, entries));
        backend.CopyToHost(factors.Rows(0, entries), ratings.AsSpan(0, entries));
        for (var e = 0; e < experts.Length; e++)
        {
            rowsOf[e].Clear();
            weightsOf[e].Clear();
        }

        for (var i = 0; i < entries; i++)
        {
            rowsOf[chosen[i]].Add(i / k);
            weightsOf[chosen[i]].Add(ratings[i]);
        }

        arena.Release(mark);
    }

    private void AddExpert(GatedMlp expert, in Tensor input, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, in Tensor sum, ActivationArena arena)
    {
        var mark = arena.Mark();
        Tensor places = indices.Rows(0, rows.Length), shares = factors.Rows(0, rows.Length);
        backend.CopyToDevice(rows, places);
        backend.CopyToDevice(weights, shares);
        var gathered = arena.Take(rows.Length, input.Shape[1], input.DType);
        backend.GatherRows(input, places, gathered);
        expert.Forward(gathered, arena);
        backend.ScatterAddRows(gathered, places, shares, sum);
        arena.Release(mark);
    }

    private void AddSharedExpert(in Tensor input, in Tensor sum, ActivationArena arena)
    {
        var mark = arena.Mark();
        var tokens = input.Shape[0];
        var gate = arena.Take(tokens, 1, DType.Float32);
        sharedGate!.Forward(input, gate);
        backend.CopyToHost(gate, ratings.AsSpan(0, tokens));
        for (var t = 0; t < tokens; t++)
        {
            ratings[t] = 1f / (1f + MathF.Exp(-ratings[t]));
            chosen[t] = t;
        }

        AddExpert(sharedExpert!, input, chosen.AsSpan(0, tokens), ratings.AsSpan(0, tokens), sum, arena);
        arena.Release(mark);
    }

    private void EnsureCapacity(int entries)
    {
        if (chosen.Length >= entries)
        {
            return;
        }

        (chosen, ratings) = (new int[entries], new float[entries]);
        indices.Memory.Dispose();
        factors.Memory.Dispose();
        (indices, factors) = (backend.Allocate(new TensorShape(entries), DType.Int32), backend.Allocate(new TensorShape(entries), DType.Float32));
    }
}
