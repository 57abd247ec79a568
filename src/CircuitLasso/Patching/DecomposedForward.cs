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
    private readonly TransformerModel _model;
    private readonly Tensor?[] _biases;
    private readonly Tensor[] _terms;
    private readonly Tensor[] _residuals;
    private readonly int[] _firstTerm;
    private readonly int[] _termOfSource;

    /// <summary>Runs the model once, unpatched.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The texts whose values are recomputed in every run.</param>
    /// <exception cref="Numerics.InputException">A text is too long or a token id is outside the model.</exception>
    public DecomposedForward(TransformerModel model, TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batch);
        _model = model;
        Batch = batch;
        Graph = new PatchingGraph(model);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        int rows = batch.Count * batch.Positions;
        int layers = Graph.Components.Layers;
        _biases = [.. Enumerable.Range(0, layers).Select(layer => model.Parameters.Find(ParameterRole.OutputBias, layer) is { } bias ? Tensor.Zeros(rows, 1).Add(bias) : null)];
        (_firstTerm, _termOfSource) = Order();
        Run run = new(this, [.. Enumerable.Repeat<Tensor?>(null, _firstTerm[^1])], new Tensor[_firstTerm.Length]);
        Tensor embedding = model.Embed(batch);
        run.Terms[0] = embedding.Reshape(rows, Graph.Components.Width);
        run.From(0, null, null);
        _terms = run.Terms!;
        _residuals = run.Residuals;
        foreach (Tensor? tensor in _terms.Concat(_residuals).Concat(_biases))
        {
            _ = tensor is null ? null : scope.Keep(tensor);
        }

        Values = new ComponentValues([.. _termOfSource.Select(term => _terms[term])]);
    }

    /// <summary>The texts.</summary>
    public TokenBatch Batch { get; }

    /// <summary>Sources and destinations.</summary>
    public PatchingGraph Graph { get; }

    /// <summary>What every source writes when nothing is patched. Belongs to this object.</summary>
    public ComponentValues Values { get; }

    /// <summary>What the final norm and the unembedding read when nothing is patched: [b p, d]. Belongs to this object.</summary>
    public Tensor LogitsInput => _residuals[^1];

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
        int first = FirstPatchedStage(patch);
        if (first == _firstTerm.Length)
        {
            return LogitsInput.Detach();
        }

        using TensorScope scope = new();
        Tensor?[] terms = new Tensor?[_terms.Length];
        Array.Copy(_terms, terms, first < _firstTerm.Length - 1 ? _firstTerm[first] : terms.Length);
        if (Graph.Components.ParallelBlocks && first % 2 == 1 && first < _firstTerm.Length - 1)
        {
            // The MLP of a parallel block comes after the heads of its layer but reads what they read.
            Array.Copy(_terms, terms, MlpTerm(first / 2));
        }

        Run run = new(this, terms, [.. _residuals]);
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
        new Run(this, terms, new Tensor[_residuals.Length]).From(0, patch, gradients);
        return gradients;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor? tensor in _terms.Concat(_residuals).Concat(_biases))
        {
            tensor?.Dispose();
        }
    }

    /// <summary>What an unpatched destination reads: [b p, d].</summary>
    internal Tensor Read(int destination) => _residuals[StageOf(destination)];

    private int StageOf(int destination)
    {
        ComponentDestination place = Graph.Destinations[destination];
        return place.Kind == CircuitNodeKind.Logits ? _firstTerm.Length - 1 : (2 * place.Layer) + (place.Kind == CircuitNodeKind.Mlp ? 1 : 0);
    }

    private void RequireOwn(EdgePatch patch)
    {
        ArgumentNullException.ThrowIfNull(patch);
        if (patch.Graph.Sources != Graph.Sources || !patch.Graph.Destinations.SequenceEqual(Graph.Destinations))
        {
            throw new ArgumentException("The patch belongs to a model of another shape.", nameof(patch));
        }
    }

    // Stages: attention 2 l, MLP 2 l + 1, logits last. A stage reads the terms before its first.
    private (int[] FirstTerm, int[] TermOfSource) Order()
    {
        ComponentGraph graph = Graph.Components;
        int[] first = new int[(2 * graph.Layers) + 1];
        List<int> termOfSource = [0];
        int next = 1;
        for (int layer = 0; layer < graph.Layers; layer++)
        {
            first[2 * layer] = next;
            termOfSource.AddRange(Enumerable.Range(next, graph.Heads));
            next += graph.Heads + (_biases[layer] is null ? 0 : 1);
            first[(2 * layer) + 1] = graph.ParallelBlocks ? first[2 * layer] : next;
            termOfSource.Add(next++);
        }

        first[^1] = next;
        return (first, [.. termOfSource]);
    }

    private int MlpTerm(int layer) => _termOfSource[1 + (layer * (Graph.Components.Heads + 1)) + Graph.Components.Heads];

    private int FirstPatchedStage(EdgePatch patch)
    {
        for (int destination = 0; destination < Graph.Destinations.Count; destination++)
        {
            if (patch.FirstPatched(destination) >= 0)
            {
                return StageOf(destination);
            }
        }

        return _firstTerm.Length;
    }

    /// <summary>The state of one run: the terms of the residual stream so far, and their sums at the start of every stage.</summary>
    private sealed class Run(DecomposedForward owner, Tensor?[] terms, Tensor[] residuals)
    {
        private readonly PatchingGraph _graph = owner.Graph;

        public Tensor?[] Terms { get; } = terms;

        public Tensor[] Residuals { get; } = residuals;

        public void From(int first, EdgePatch? patch, DestinationGradients? gradients)
        {
            for (int stage = first; stage < Residuals.Length; stage++)
            {
                if (stage > first || first == 0)
                {
                    Residuals[stage] = Residual(stage);
                }

                if (stage == Residuals.Length - 1)
                {
                    Residuals[stage] = Single(stage, _graph.Destinations.Count - 1, patch, gradients);
                }
                else if (stage % 2 == 0)
                {
                    Attention(stage, patch, gradients);
                }
                else
                {
                    int layer = stage / 2;
                    Terms[owner.MlpTerm(layer)] = Scoped(() => owner._model.MlpContribution(layer, Single(stage, _graph.Mlp(layer), patch, gradients)));
                }
            }
        }

        // Without gradients nothing but the result outlives a stage.
        private static Tensor Scoped(Func<Tensor> compute)
        {
            if (GradientMode.IsEnabled)
            {
                return compute();
            }

            using TensorScope scope = new();
            return scope.Keep(compute());
        }

        private void Attention(int stage, EdgePatch? patch, DestinationGradients? gradients)
        {
            int layer = stage / 2;
            int heads = _graph.Components.Heads;
            Tensor contributions = Scoped(() => owner._model.HeadContributions(
                layer,
                owner.Batch,
                Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Query), heads, patch, gradients),
                Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Key), _graph.KeyHeads, patch, gradients),
                Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Value), _graph.KeyHeads, patch, gradients)));
            for (int head = 0; head < heads; head++)
            {
                Terms[owner._firstTerm[stage] + head] = contributions.Slice(0, head, 1).Reshape(contributions.Dimension(1), contributions.Dimension(2));
            }

            if (owner._biases[layer] is { } bias)
            {
                Terms[owner._firstTerm[stage] + heads] = bias;
            }

            if (!GradientMode.IsEnabled)
            {
                contributions.Dispose();
            }
        }

        private Tensor Residual(int stage)
        {
            int end = owner._firstTerm[stage];
            int from = stage == 0 ? 0 : owner._firstTerm[stage - 1];
            return stage > 0 && from == end
                ? Residuals[stage - 1]
                : Sum([.. stage == 0 ? [] : (Tensor[])[Residuals[stage - 1]], .. Terms[from..end].Select(term => term!)]);
        }

        // [b p, d] where all heads read the same, else [heads, b p, d].
        private Tensor Heads(int stage, int first, int count, EdgePatch? patch, DestinationGradients? gradients)
        {
            Tensor residual = Residuals[stage];
            Tensor inputs = residual;
            if (patch is not null && Enumerable.Range(first, count).Any(destination => patch.FirstPatched(destination) >= 0))
            {
                inputs = Enumerable.Range(first, count)
                    .Select(destination => (Input(stage, destination, patch) ?? residual).Reshape(1, residual.Dimension(0), residual.Dimension(1)))
                    .ToArray()
                    .Concatenate(0);
            }

            if (gradients is not null)
            {
                inputs = Differentiable(inputs, count, 1, 1);
                for (int head = 0; head < count; head++)
                {
                    gradients.Add(first + head, inputs, head);
                }
            }

            return inputs;
        }

        private Tensor Single(int stage, int destination, EdgePatch? patch, DestinationGradients? gradients)
        {
            Tensor input = Input(stage, destination, patch) ?? Residuals[stage];
            if (gradients is not null)
            {
                input = Differentiable(input, 1, 1);
                gradients.Add(destination, input);
            }

            return input;
        }

        // Adding a zero that wants a gradient lets the derivative arrive here even where nothing before it wants one.
        private static Tensor Differentiable(Tensor input, params ReadOnlySpan<int> shape)
        {
            Tensor zero = Tensor.Zeros(shape);
            zero.RequiresGradient = true;
            Tensor result = input.Add(zero);
            result.RetainGradient();
            return result;
        }

        // The ordered sum of a destination's selected values, or null where no edge into it is patched.
        private Tensor? Input(int stage, int destination, EdgePatch? patch)
        {
            int patched = patch?.FirstPatched(destination) ?? -1;
            if (patched < 0)
            {
                return null;
            }

            int start = stage;
            while (start >= 0 && owner._firstTerm[start] > owner._termOfSource[patched])
            {
                start--;
            }

            List<Tensor> terms = start < 0 ? [] : [Residuals[start]];
            int term = start < 0 ? 0 : owner._firstTerm[start];
            int source = Array.FindIndex(owner._termOfSource, place => place >= term);
            for (; term < owner._firstTerm[stage]; term++)
            {
                if (source < owner._termOfSource.Length && owner._termOfSource[source] == term)
                {
                    terms.Add(Selected(Terms[term]!, patch![source, destination]?[source], patch.Positions));
                    source++;
                }
                else
                {
                    terms.Add(Terms[term]!);
                }
            }

            return Sum(terms);
        }

        private Tensor Selected(Tensor own, Tensor? given, IReadOnlyCollection<int>? positions)
        {
            if (given is null || positions is null)
            {
                return given ?? own;
            }

            int rows = own.Dimension(0);
            int[] picked = [.. Enumerable.Range(0, rows).Select(row => positions.Contains(row % owner.Batch.Positions) ? rows + row : row)];
            return ((Tensor[])[own, given]).Concatenate(0).SelectIndices(picked);
        }

        private static Tensor Sum(List<Tensor> terms) => terms.Count == 1 ? terms[0] : terms.SumInOrder();
    }
}
