using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The forward pass of a model over its component graph, on one batch of texts: every destination reads the ordered sum of what its sources write, so that any
/// edge can carry another value while the rest is recomputed. One mechanism for all interventions, and for the gradients by edges.
/// </summary>
/// <remarks>
/// <para>The order of a sum: input, then layer by layer each head, the output bias of the attention (a constant that no edge carries) and the MLP. Every sum is
/// rounded from left to right, however it is computed, and every head by products of its own: patching nothing, or everything by the values of another
/// run, gives that run bit for bit. The sum of the ordinary pass has other roundings; the two agree to about 1e-5.</para>
/// <para>The unpatched run is kept. A patched run computes only what comes after the first patched destination, and sums that no patched edge enters are shared. Keeps about
/// (sources + 2 layers) x texts x positions x width floats. Several threads may run patches at once.</para>
/// </remarks>
public sealed class DecomposedForward : IDisposable
{
    private readonly Tensor[] _terms;
    private readonly Tensor[] _residuals;

    /// <summary>Runs the model once, unpatched.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The texts whose values are recomputed in every run.</param>
    /// <exception cref="Numerics.InputException">A text is too long or a token id is outside the model.</exception>
    public DecomposedForward(TransformerModel model, TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batch);
        Model = model;
        Batch = batch;
        Graph = new PatchingGraph(model);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        int rows = batch.Count * batch.Positions;
        int layers = Graph.Components.Layers;
        Biases = [.. Enumerable.Range(0, layers).Select(layer => model.Parameters.Find(ParameterRole.OutputBias, layer) is { } bias ? Tensor.Zeros(rows, 1).Add(bias) : null)];
        Order = new ResidualOrder(Graph, [.. Biases.Select(bias => bias is not null)]);
        DecomposedRun run = new(this, new Tensor?[Order.Terms], new Tensor[Order.Stages]);
        Tensor embedding = model.Embed(batch);
        run.Terms[0] = embedding.Reshape(rows, Graph.Components.Width);
        run.From(0, null, null);
        _terms = run.Terms!;
        _residuals = run.Residuals;
        foreach (Tensor? tensor in _terms.Concat(_residuals).Concat(Biases))
        {
            _ = tensor is null ? null : scope.Keep(tensor);
        }

        Values = new ComponentValues([.. Order.TermOfSource.Select(term => _terms[term])]);
    }

    /// <summary>The texts.</summary>
    public TokenBatch Batch { get; }

    /// <summary>Sources and destinations.</summary>
    public PatchingGraph Graph { get; }

    /// <summary>What every source writes when nothing is patched. Belongs to this object.</summary>
    public ComponentValues Values { get; }

    /// <summary>What the final norm and the unembedding read when nothing is patched: [b p, d]. Belongs to this object.</summary>
    public Tensor LogitsInput => _residuals[^1];

    internal TransformerModel Model { get; }

    /// <summary>The output bias of every layer's attention, a row a position; null where there is none.</summary>
    internal Tensor?[] Biases { get; }

    internal ResidualOrder Order { get; }

    /// <summary>Bytes that an instance keeps for one position of one text, and about as many as a run needs besides.</summary>
    /// <param name="model">The model.</param>
    public static double BytesPerPosition(TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelDescription description = model.Description;
        double kept = ((double)description.Layers * (description.Attention.Heads + 4)) + 2;
        double layer = ((8.0 + (6 * description.Attention.Heads)) * description.Width) + (3.0 * description.Mlp.HiddenWidth);
        return sizeof(float) * ((kept * description.Width) + layer);
    }

    /// <summary>Runs the model with a patch, without gradients.</summary>
    /// <param name="patch">What edges carry.</param>
    /// <returns>What the final norm and the unembedding read: [b p, d]. The caller, or its <see cref="TensorScope"/>, owns it.</returns>
    /// <exception cref="ArgumentException">The patch is of another graph.</exception>
    public Tensor RunPatched(EdgePatch patch)
    {
        RequireOwn(patch);
        using IDisposable mode = GradientMode.Disable();
        int first = Order.FirstPatchedStage(patch);
        if (first == Order.Stages)
        {
            return LogitsInput.Detach();
        }

        using TensorScope scope = new();
        Tensor?[] terms = new Tensor?[_terms.Length];
        Array.Copy(_terms, terms, first < Order.Stages - 1 ? Order.FirstTerm[first] : terms.Length);
        if (Graph.Components.ParallelBlocks && first % 2 == 1 && first < Order.Stages - 1)
        {
            // The MLP of a parallel block comes after the heads of its layer but reads what they read.
            Array.Copy(_terms, terms, Order.MlpTerm(first / 2));
        }

        DecomposedRun run = new(this, terms, [.. _residuals]);
        run.From(first, patch, null);
        return scope.Keep(run.Residuals[^1]);
    }

    /// <summary>Runs the model, with a patch or without, and keeps its graph, so that gradients can be taken at every destination.</summary>
    /// <param name="patch">What edges carry; null for no patch.</param>
    /// <returns>The inputs of the destinations; the caller's <see cref="TensorScope"/> owns the tensors.</returns>
    /// <exception cref="ArgumentException">The patch is of another graph.</exception>
    public DestinationGradients RunWithGradients(EdgePatch? patch = null)
    {
        if (patch is not null)
        {
            RequireOwn(patch);
        }

        DestinationGradients gradients = new(Graph);
        Tensor?[] terms = new Tensor?[_terms.Length];
        terms[0] = _terms[0];
        new DecomposedRun(this, terms, new Tensor[_residuals.Length]).From(0, patch, gradients);
        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor? tensor in _terms.Concat(_residuals).Concat(Biases))
        {
            tensor?.Dispose();
        }
    }

    /// <summary>What an unpatched destination reads: [b p, d].</summary>
    internal Tensor Read(int destination) => _residuals[Order.StageOf(destination)];

    private void RequireOwn(EdgePatch patch)
    {
        ArgumentNullException.ThrowIfNull(patch);
        if (patch.Graph.Sources != Graph.Sources || !patch.Graph.Destinations.SequenceEqual(Graph.Destinations))
        {
            throw new ArgumentException("The patch belongs to a model of another shape.", nameof(patch));
        }
    }
}
