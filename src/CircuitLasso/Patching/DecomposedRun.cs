using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>The state of one run of a <see cref="DecomposedForward"/>: the terms of the residual stream so far, and their sums at the start of every stage.</summary>
internal sealed class DecomposedRun(DecomposedForward owner, Tensor?[] terms, Tensor[] residuals)
{
    private readonly PatchingGraph _graph = owner.Graph;
    private readonly ResidualOrder _order = owner.Order;

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
                Terms[_order.MlpTerm(layer)] = Scoped(() => owner.Model.MlpContribution(layer, Single(stage, _graph.Mlp(layer), patch, gradients)));
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
        Tensor contributions = Scoped(() => owner.Model.HeadContributions(
            layer,
            owner.Batch,
            Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Query), heads, patch, gradients),
            Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Key), _graph.KeyHeads, patch, gradients),
            Heads(stage, _graph.FirstHeadInput(layer, HeadInput.Value), _graph.KeyHeads, patch, gradients)));
        for (int head = 0; head < heads; head++)
        {
            Terms[_order.FirstTerm[stage] + head] = contributions.Slice(0, head, 1).Reshape(contributions.Dimension(1), contributions.Dimension(2));
        }

        if (owner.Biases[layer] is { } bias)
        {
            Terms[_order.FirstTerm[stage] + heads] = bias;
        }

        if (!GradientMode.IsEnabled)
        {
            contributions.Dispose();
        }
    }

    private Tensor Residual(int stage)
    {
        int end = _order.FirstTerm[stage];
        int from = stage == 0 ? 0 : _order.FirstTerm[stage - 1];
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
        while (start >= 0 && _order.FirstTerm[start] > _order.TermOfSource[patched])
        {
            start--;
        }

        List<Tensor> terms = start < 0 ? [] : [Residuals[start]];
        int term = start < 0 ? 0 : _order.FirstTerm[start];
        int source = Array.FindIndex(_order.TermOfSource, place => place >= term);
        for (; term < _order.FirstTerm[stage]; term++)
        {
            if (source < _order.TermOfSource.Length && _order.TermOfSource[source] == term)
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
