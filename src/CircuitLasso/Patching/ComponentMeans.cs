using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>The mean of every source's values over texts, for each position apart: what mean ablation puts in a source's place. Not thread-safe while texts are added.</summary>
public sealed class ComponentMeans
{
    private readonly PatchingGraph _graph;
    private readonly List<double[]> _sums = [];
    private readonly List<long> _counts = [];

    /// <summary>Starts without texts.</summary>
    /// <param name="graph">The graph.</param>
    public ComponentMeans(PatchingGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        _graph = graph;
    }

    /// <summary>Counts the texts of a batch in.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="values">What the sources write on them.</param>
    public void Add(TokenBatch batch, ComponentValues values)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(values);
        int width = _graph.Components.Width;
        while (_sums.Count < batch.Positions)
        {
            _sums.Add(new double[_graph.Sources * width]);
            _counts.Add(0);
        }

        for (int source = 0; source < _graph.Sources; source++)
        {
            float[] rows = values[source].ToArray();
            for (int text = 0; text < batch.Count; text++)
            {
                for (int position = 0; position < batch.Lengths[text]; position++)
                {
                    ReadOnlySpan<float> row = rows.AsSpan(((text * batch.Positions) + position) * width, width);
                    Span<double> sum = _sums[position].AsSpan(source * width, width);
                    for (int column = 0; column < width; column++)
                    {
                        sum[column] += row[column];
                    }

                    _counts[position] += source == 0 ? 1 : 0;
                }
            }
        }
    }

    /// <summary>The means laid out for a batch; zero beyond the end of a text.</summary>
    /// <param name="batch">The texts.</param>
    /// <exception cref="InputException">A text has a position that no counted text has.</exception>
    public ComponentValues ValuesFor(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Positions > _sums.Count)
        {
            throw new InputException("text", $"{batch.Positions} tokens, but the means were taken over texts of at most {_sums.Count}", "take the means over texts as long");
        }

        int width = _graph.Components.Width;
        Tensor[] values = new Tensor[_graph.Sources];
        for (int source = 0; source < values.Length; source++)
        {
            float[] rows = new float[batch.Count * batch.Positions * width];
            for (int text = 0; text < batch.Count; text++)
            {
                for (int position = 0; position < batch.Lengths[text]; position++)
                {
                    Span<float> row = rows.AsSpan(((text * batch.Positions) + position) * width, width);
                    for (int column = 0; column < width; column++)
                    {
                        row[column] = (float)(_sums[position][(source * width) + column] / _counts[position]);
                    }
                }
            }

            values[source] = Tensor.FromValues(rows, batch.Count * batch.Positions, width);
        }

        return new ComponentValues(values);
    }
}
