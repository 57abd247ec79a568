using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The inputs of every destination in one run that keeps its graph: after a backward pass from a number computed from <see cref="LogitsInput"/>, the derivative
/// of that number by what each destination has read, which is its derivative by the value of every edge into it.
/// </summary>
public sealed class DestinationGradients
{
    private readonly PatchingGraph _graph;
    private readonly Dictionary<int, (Tensor Inputs, int Head)> _inputs = [];

    internal DestinationGradients(PatchingGraph graph) => _graph = graph;

    /// <summary>What the final norm and the unembedding read: [b p, d].</summary>
    public Tensor LogitsInput => _inputs[_graph.Destinations.Count - 1].Inputs;

    /// <summary>The derivative by a destination's input after a backward pass: [b p, d], row-major.</summary>
    /// <param name="destination">Place in <see cref="PatchingGraph.Destinations"/>.</param>
    /// <exception cref="InvalidOperationException">There was no backward pass.</exception>
    public float[] Gradient(int destination)
    {
        if (LogitsInput.Gradient is null)
        {
            throw new InvalidOperationException("No gradient has arrived; call Backward on a number computed from LogitsInput.");
        }

        // Nothing flows to a destination all of whose effects are patched away.
        (Tensor inputs, int head) = _inputs[destination];
        return inputs.Gradient is not { } gradient ? new float[LogitsInput.Length]
            : head < 0 ? gradient.ToArray()
            : gradient.Slice(0, head, 1).ToArray();
    }

    internal void Add(int destination, Tensor inputs, int head = -1) => _inputs.Add(destination, (inputs, head));
}
