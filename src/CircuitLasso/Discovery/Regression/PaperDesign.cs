using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// The paper's H: one row per text and position, and for every component in computation order its contribution to the residual stream, d columns each, the logits last.
/// </summary>
internal static class PaperDesign
{
    private const int SamplesAtOnce = 64;

    /// <summary>The blocks of H: a component may be explained by those of smaller places.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="classes">Columns of the logits.</param>
    public static BlockOrder Order(ComponentContributions contributions, int classes)
    {
        ComponentGraph graph = contributions.Graph;
        int width = contributions.Width;
        return new BlockOrder(graph.Nodes.Select((node, index) => node.Kind == CircuitNodeKind.Logits
            ? new RegressionBlock(node.Name, index * width, classes, node.Place, BlockRole.TargetOnly)
            : new RegressionBlock(node.Name, index * width, width, node.Place)));
    }

    /// <summary>Means and products of H.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="outputs">The logits' classes.</param>
    /// <param name="residual">Rows x width: the last residual stream.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static GramStatistics Statistics(ComponentContributions contributions, OutputRows outputs, ReadOnlySpan<float> residual, CancellationToken cancellation)
    {
        SampleLayout layout = contributions.Layout;
        int width = contributions.Width;
        int sources = contributions.Graph.Nodes.Count - 1;
        int classes = outputs.Classes.Length;
        int columns = checked((sources * width) + classes);
        long bytes = 3L * sizeof(double) * columns * columns;
        if (bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw new InputException("--method lasso-paper", $"all {columns} columns of all components need {bytes >> 20} MiB of products, more than this machine has", "use another method, or a smaller model");
        }

        using GramAccumulator products = new(columns, subject: "task");
        for (int start = 0; start < layout.Samples; start += SamplesAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int end = Math.Min(start + SamplesAtOnce, layout.Samples) * layout.Slots;
            int[] rows = [.. Enumerable.Range(start * layout.Slots, end - (start * layout.Slots)).Where(row => layout.IsReal[row])];
            float[] values = new float[checked(rows.Length * columns)];
            for (int node = 0; node < sources; node++)
            {
                Fill(contributions, node, rows, values.AsSpan(node * width), columns);
            }

            float[] logits = outputs.Logits(residual, rows);
            for (int row = 0; row < rows.Length; row++)
            {
                logits.AsSpan(row * classes, classes).CopyTo(values.AsSpan((row * columns) + (sources * width)));
            }

            products.Add(values);
        }

        return products.Finish();
    }

    private static void Fill(ComponentContributions contributions, int node, int[] rows, Span<float> destination, int stride)
    {
        int inner = contributions.CoordinateWidth(node);
        float[] gathered = new float[rows.Length * inner];
        ReadOnlySpan<float> coordinates = contributions.Coordinates(node);
        for (int row = 0; row < rows.Length; row++)
        {
            coordinates.Slice(rows[row] * inner, inner).CopyTo(gathered.AsSpan(row * inner));
        }

        ReadOnlySpan<float> basis = contributions.Basis(node);
        if (basis.Length > 0)
        {
            MatrixProduct.Gemm(false, false, rows.Length, contributions.Width, inner, 1f, gathered, inner, basis, contributions.Width, 0f, destination, stride);
            return;
        }

        for (int row = 0; row < rows.Length; row++)
        {
            gathered.AsSpan(row * inner, inner).CopyTo(destination[(row * stride)..]);
        }
    }
}
