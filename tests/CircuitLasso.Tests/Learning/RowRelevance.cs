using CircuitLasso.Regression;

namespace CircuitLasso.Tests;

/// <summary>The slow twin of <see cref="RelevancePropagation"/>: every r_u A T_v is written out row by row, and V is a sum over its numbers.</summary>
internal sealed class RowRelevance
{
    private readonly double[,] _rows;
    private readonly BlockOrder _order;
    private readonly SparseColumns _coefficients;
    private readonly Readout _readout;
    private readonly Dictionary<int, double[,]> _toTarget = [];

    /// <param name="rows">Rows x columns.</param>
    /// <param name="order">The blocks of the columns.</param>
    /// <param name="coefficients">Columns x columns.</param>
    /// <param name="readout">From the columns to the target.</param>
    public RowRelevance(double[,] rows, BlockOrder order, SparseColumns coefficients, Readout readout)
    {
        _rows = Centre(rows);
        _order = order;
        _coefficients = coefficients;
        _readout = readout;
        int[] blocks = [.. Enumerable.Range(0, order.Blocks.Count).OrderBy(block => order.Blocks[block].Place)];
        foreach (int u in blocks.Reverse())
        {
            double[,] map = Own(u);
            foreach (int v in blocks.Where(v => order.Blocks[v].Place > order.Blocks[u].Place))
            {
                Accumulate(map, Multiply(Coefficients(u, v), _toTarget[v]), 1);
            }

            _toTarget[u] = map;
        }
    }

    public double Node(int v) => _readout.Variation > 0 ? Math.Min(1, Variation(Multiply(RowsOf(v), _toTarget[v])) / _readout.Variation) : 0;

    /// <summary>Null where nothing is read or nothing matters.</summary>
    public double? Explained(int v)
    {
        double variation = Variation(Multiply(RowsOf(v), _toTarget[v]));
        return Sources(v).Length > 0 && variation > 0 ? 1 - (Unexplained(v) / variation) : null;
    }

    public int[] Sources(int v) => [.. Enumerable.Range(0, _order.Blocks.Count).Where(u => Coefficients(u, v).Cast<double>().Any(value => value != 0))];

    public double Weight(int u, int v) => Share(Part(u, v), Sources(v).Sum(source => Part(source, v)) + Unexplained(v)) * Node(v);

    /// <summary>The share that no source explains.</summary>
    public double Rest(int v) => Share(Unexplained(v), Sources(v).Sum(source => Part(source, v)) + Unexplained(v)) * Node(v);

    public double TargetWeight(int u) => Share(ReadoutPart(u), Enumerable.Range(0, _order.Blocks.Count).Sum(ReadoutPart) + _readout.Unexplained);

    public double Norm(int u, int v) => Math.Sqrt(Coefficients(u, v).Cast<double>().Sum(value => value * value));

    private static double Share(double part, double total) => total > 0 ? part / total : 0;

    private double ReadoutPart(int u) => Variation(Multiply(RowsOf(u), Own(u)));

    private double Part(int u, int v) => Variation(Multiply(RowsOf(u), Multiply(Coefficients(u, v), _toTarget[v])));

    private double Unexplained(int v)
    {
        double[,] left = RowsOf(v);
        foreach (int u in Sources(v))
        {
            Accumulate(left, Multiply(RowsOf(u), Coefficients(u, v)), -1);
        }

        return Variation(Multiply(left, _toTarget[v]));
    }

    private double[,] RowsOf(int block) => Window(_rows.GetLength(0), _order.Blocks[block].Width, (i, j) => _rows[i, _order.Blocks[block].FirstColumn + j]);

    private double[,] Coefficients(int u, int v)
    {
        RegressionBlock source = _order.Blocks[u], target = _order.Blocks[v];
        return Window(source.Width, target.Width, (i, j) => _coefficients[source.FirstColumn + i, target.FirstColumn + j]);
    }

    private double[,] Own(int u) =>
        Window(_order.Blocks[u].Width, _readout.Outputs, (i, k) => _readout.Coefficients[((_order.Blocks[u].FirstColumn + i) * _readout.Outputs) + k]);

    private static double[,] Centre(double[,] rows)
    {
        double[] means = [.. Enumerable.Range(0, rows.GetLength(1)).Select(j => Enumerable.Range(0, rows.GetLength(0)).Average(i => rows[i, j]))];
        return Window(rows.GetLength(0), rows.GetLength(1), (i, j) => rows[i, j] - means[j]);
    }

    private static double Variation(double[,] values) => values.Cast<double>().Sum(value => value * value);

    private static double[,] Window(int rows, int columns, Func<int, int, double> value)
    {
        double[,] window = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                window[i, j] = value(i, j);
            }
        }

        return window;
    }

    private static double[,] Multiply(double[,] left, double[,] right) =>
        Window(left.GetLength(0), right.GetLength(1), (i, j) => Enumerable.Range(0, right.GetLength(0)).Sum(k => left[i, k] * right[k, j]));

    private static void Accumulate(double[,] sum, double[,] term, double factor)
    {
        for (int i = 0; i < sum.GetLength(0); i++)
        {
            for (int j = 0; j < sum.GetLength(1); j++)
            {
                sum[i, j] += factor * term[i, j];
            }
        }
    }
}
