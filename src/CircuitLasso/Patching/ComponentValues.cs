using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// What every source of a component graph writes to the residual stream, on one batch of texts: the values of a run, or what an intervention puts in their place.
/// Immutable.
/// </summary>
public sealed class ComponentValues : IDisposable
{
    private readonly Tensor[] _values;

    internal ComponentValues(Tensor[] values) => _values = values;

    /// <summary>Number of sources.</summary>
    public int Count => _values.Length;

    /// <summary>The value of a source: [b p, d], rows text by text. It belongs to this object.</summary>
    /// <param name="source">Position of the source in <see cref="ComponentGraph.Nodes"/>.</param>
    public Tensor this[int source] => _values[source];

    /// <summary>Zeros.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="rows">Texts times positions of the batch.</param>
    public static ComponentValues Zero(PatchingGraph graph, int rows)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor zero = Tensor.Zeros(rows, graph.Components.Width);
        return new ComponentValues([.. Enumerable.Repeat(zero, graph.Sources)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor value in _values)
        {
            value.Dispose();
        }
    }
}
