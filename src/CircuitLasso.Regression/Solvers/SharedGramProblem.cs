using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>What all targets of one run of <see cref="SharedGramSolver"/> share. Immutable; safe for several threads.</summary>
internal sealed class SharedGramProblem : IDisposable
{
    // A centred column whose squares are below this share of the uncentred ones is constant, as far as float32 values can tell.
    private const double ConstantShare = 1e-12;

    // Where fewer columns of G than this share can be kept, they would be computed again and again.
    private const int SmallCache = 8;
    private readonly SharedGram? _gram;
    private readonly GramColumnCache? _cache;

    public SharedGramProblem(SharedDesign design, SharedGram? gram, SharedGramOptions options)
    {
        Design = design;
        _gram = gram;
        _cache = gram is null ? new GramColumnCache(design, options.ColumnBytes) : null;
        ReadsRows = gram is null && options.ColumnBytes < design.EstimateGramBytes() / SmallCache;
        Options = options;
        Whole = [new ColumnRange(0, design.Columns)];
        Factors = new double[design.Columns];
        Squares = new double[design.Columns];
        Norms = new double[design.Columns];
        bool uniform = options.PenaltyFactors.Count == 0;
        for (int j = 0; j < design.Columns; j++)
        {
            (double squares, double centred) = SumsOfSquares(design.Column(j), design.Rows, design.IsCentred ? design.Means[j] : 0);
            bool constant = centred <= ConstantShare * squares;
            Squares[j] = constant ? 0 : centred;
            Norms[j] = Math.Sqrt(squares);
            LargestNorm = Math.Max(LargestNorm, Norms[j]);
            Factors[j] = constant ? double.PositiveInfinity : uniform ? 1 : options.PenaltyFactors[j];
            SmallestFactor = Math.Min(SmallestFactor, Factors[j]);
            // A column of zeros correlates with nothing, whatever its factor.
            IsUniform = IsUniform && (Factors[j] == 1 || squares == 0);
        }
    }

    public SharedDesign Design { get; }

    /// <summary>Whether correlations with a residual are summed over the rows, because too few columns of G can be kept.</summary>
    public bool ReadsRows { get; }

    public SharedGramOptions Options { get; }

    /// <summary>All columns.</summary>
    public ColumnRange[] Whole { get; }

    /// <summary>The factor of each column's penalty; infinite for a constant column, which explains nothing.</summary>
    public double[] Factors { get; }

    /// <summary>Whether every factor is one.</summary>
    public bool IsUniform { get; } = true;

    /// <summary>||x||^2 of each column, centred if the design is; in float64.</summary>
    public double[] Squares { get; }

    /// <summary>The norm of each column as it is, which bounds the entries of G as they are kept.</summary>
    public double[] Norms { get; }

    /// <summary>The smallest factor.</summary>
    public double SmallestFactor { get; } = double.PositiveInfinity;

    /// <summary>The largest of <see cref="Norms"/>.</summary>
    public double LargestNorm { get; }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Dispose();

    /// <summary>What reads the columns of G for one thread.</summary>
    public GramReader CreateReader() => _gram?.CreateReader() ?? _cache!.CreateReader();

    /// <summary>The largest correlation with respect to the penalty, max |q[j]| / c[j], and of q[j] itself where coefficients may not be negative.</summary>
    public double LargestCorrelation(ReadOnlySpan<double> q, ColumnRange[] allowed)
    {
        double largest = 0;
        foreach (ColumnRange range in allowed)
        {
            ReadOnlySpan<double> part = q.Slice(range.Start, range.Length);
            if (IsUniform && !Options.NonNegative)
            {
                largest = Math.Max(largest, VectorLoops.LargestMagnitude(part));
                continue;
            }

            for (int j = 0; j < part.Length; j++)
            {
                largest = Math.Max(largest, Violation(part[j], range.Start + j));
            }
        }

        return largest;
    }

    /// <summary>What a column's correlation is worth beside lambda / 2.</summary>
    public double Violation(double correlation, int column)
    {
        double size = Options.NonNegative ? correlation : Math.Abs(correlation);
        return IsUniform ? size : size / Factors[column];
    }

    /// <summary>||y||^2 and the mean of a target, centred if the design is.</summary>
    public (double Squares, double Mean) NullLoss(DesignColumn y)
    {
        double mean = 0;
        if (Design.IsCentred)
        {
            foreach (float value in y.Values)
            {
                mean += value;
            }

            mean /= Design.Rows;
        }

        (double squares, double centred) = SumsOfSquares(y, Design.Rows, mean);
        return (centred <= ConstantShare * squares ? 0 : centred, mean);
    }

    private static (double Squares, double Centred) SumsOfSquares(DesignColumn column, int rows, double mean)
    {
        double squares = VectorLoops.SumOfSquares(column.Values, 0), centred = squares;
        if (mean != 0)
        {
            centred = VectorLoops.SumOfSquares(column.Values, mean) + ((rows - column.Values.Length) * mean * mean);
        }

        return (squares, centred);
    }
}
