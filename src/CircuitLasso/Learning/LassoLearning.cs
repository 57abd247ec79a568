using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>One run of <see cref="LassoLearner"/>.</summary>
internal sealed class LassoLearning(
    ILearningData data, LearningTarget? target, LearningOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
{
    private readonly IReadOnlyList<LearningBlock> _blocks = data.Blocks;
    private readonly int _columns = data.Blocks.Sum(block => block.Width);
    private bool _chosenAtPathEnd;

    public LearningResult Run()
    {
        BlockOrder design = DesignOrder();
        RequireMemory();
        RowGroups? groups = data.Groups;
        FoldAssignment folds = groups is null ? FoldAssignment.ForRows(data.Rows, options.Folds) : FoldAssignment.ForGroups(groups, options.Folds);
        using GatheredStatistics gathered = GatheredStatistics.Read(data, target?.Numbers, folds, progress, cancellation);
        RequireVaryingTarget(gathered);
        ReportTarget(0);
        TargetReadout? fitted = target is null ? null : TargetFit.Fit(gathered.Rows, gathered.Folds.All, design, target, folds, options, data.Subject, cancellation);
        ReportTarget(1);
        BlockOrder order = target?.Numbers is null ? design : WithTargetColumn(design);
        using BlockProblem problem = new(gathered.Folds.All, order, standardize: options.Standardize);
        LambdaPathOptions pathOptions = new() { Count = options.PathCount, Ratio = options.PathRatio, Solver = new SolverOptions { Tolerance = 1e-4 } };
        LambdaPath path = LambdaPath.Fit(problem, pathOptions, progress: progress, cancellationToken: cancellation);
        double chosen = ChooseLambda(problem, gathered.Folds, order, pathOptions);

        // Where nothing correlates, the largest lambda is zero, and any other gives the same answer: nothing.
        double lambda = Math.Max(chosen, double.Epsilon);
        int nearest = Enumerable.Range(0, path.Lambdas.Count).MinBy(k => Math.Abs(Math.Log(path.Lambdas[k] / lambda)));
        LassoSolution solution = new CoordinateDescentSolver().Solve(
            problem, new L1Penalty(lambda), new SolverOptions { Tolerance = options.Tolerance }, path.Solutions[nearest], progress, cancellation);
        EdgeStability? stability = options.StabilityPairs > 0
            ? EdgeStability.Measure(gathered, groups, order, lambda, target, fitted?.Lambda ?? 0, options, data.Subject, progress, cancellation)
            : null;
        return Assemble(gathered.Folds.All, design, path, solution, chosen, fitted, stability);
    }

    private void ReportTarget(int done) => progress?.Report(new WorkProgress("fitting the target", done, 1, "targets"));

    private void RequireMemory()
    {
        long needed = GatheredStatistics.EstimateBytes(data.Rows, _columns, options.Folds, target?.Numbers is not null, options.StabilityPairs > 0);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
        {
            throw new InputException(
                data.Subject,
                string.Create(CultureInfo.InvariantCulture, $"{data.Rows} rows and {_columns} columns need about {needed >> 20} MiB, and this machine has {available >> 20} MiB"),
                "collect fewer sites or texts, or pool positions");
        }
    }

    private void RequireVaryingTarget(GatheredStatistics gathered)
    {
        int width = _blocks[^1].Width, first = _columns - width;
        ReadOnlySpan<float> firstRow = gathered.Rows.Slice(first, width);
        bool varies = target is not null;
        for (long row = 1; row < data.Rows && !varies; row++)
        {
            varies = !gathered.Rows.Slice((nint)((row * _columns) + first), width).SequenceEqual(firstRow);
        }

        if (!varies)
        {
            throw new InputException(data.Subject, $"block '{_blocks[^1].Name}' is constant: all of its rows are the same, and there is nothing to explain", "put a block that varies last");
        }
    }

    private BlockOrder DesignOrder()
    {
        List<RegressionBlock> blocks = [];
        int column = 0;
        foreach (LearningBlock block in _blocks)
        {
            blocks.Add(new RegressionBlock(block.Name, column, block.Width, block.Place, block.Kind == CircuitNodeKind.Target ? BlockRole.TargetOnly : BlockRole.SourceAndTarget));
            column += block.Width;
        }

        return blocks.Select(block => block.Place).Distinct().Count() > 1
            ? new BlockOrder(blocks)
            : throw new InputException(data.Subject, "has no block that is computed after another", "give blocks of two places or more, such as those of collect --sites components");
    }

    // The target has a regression of its own, with a lambda in its own units: in the matrix its column explains nothing and is not explained.
    private BlockOrder WithTargetColumn(BlockOrder design) =>
        new([.. design.Blocks, new RegressionBlock("target column", _columns, 1, design.Blocks.Max(block => block.Place) + 1, BlockRole.SourceOnly)]);

    private double ChooseLambda(BlockProblem problem, FoldedGramStatistics folds, BlockOrder order, LambdaPathOptions pathOptions)
    {
        if (options.Lambda is { } given)
        {
            return given > 0 && double.IsFinite(given) ? given : throw new InputException("--lambda", "is not above zero: without a penalty nothing is sparse", "give a positive number");
        }

        if (options.LambdaRatio is { } ratio)
        {
            return ratio is > 0 and <= 1
                ? ratio * problem.MaximumLambda()
                : throw new InputException("--lambda-ratio", "is not above 0 and at most 1", "give a share of the largest lambda, such as 0.1");
        }

        CrossValidation validated = CrossValidation.Run(folds, order, standardize: options.Standardize, path: pathOptions, cancellationToken: cancellation, progress: progress);
        _chosenAtPathEnd = validated.OneStandardError == validated.Lambdas.Count - 1;
        return validated.SelectedLambda;
    }

    private LearningResult Assemble(GramStatistics statistics, BlockOrder order, LambdaPath path, LassoSolution solution, double lambda, TargetReadout? fitted, EdgeStability? stability)
    {
        int targetBlock = target is null ? _blocks.Count - 1 : -1;
        string targetName = target?.NodeName ?? _blocks[^1].Name;
        bool predictable = fitted?.Predictable ?? true;
        string NameOf(int block) => block < 0 || block == targetBlock ? targetName : _blocks[block].Name;
        RelevanceResult Relevance(LassoSolution at) =>
            RelevancePropagation.Compute(statistics, order, at.Coefficients, fitted?.Readout ?? BlockReadout(statistics, order, at, targetBlock));

        RelevanceResult chosen = Relevance(solution);
        Dictionary<(string Source, string Target), CircuitEdge> edges = [];
        foreach (EdgeEntry entry in path.Entries().Where(entry => entry.Lambda > 0 && Math.Max(entry.Source, entry.Target) < _blocks.Count))
        {
            edges[(NameOf(entry.Source), NameOf(entry.Target))] = new CircuitEdge(NameOf(entry.Source), NameOf(entry.Target), 0) { Norm = 0, EntersAtLambda = entry.Lambda };
        }

        for (int block = 0; fitted is not null && block < _blocks.Count; block++)
        {
            if (fitted.EntersAt[block] > 0)
            {
                edges[(NameOf(block), targetName)] = new CircuitEdge(NameOf(block), targetName, 0) { Norm = 0, EntersAtLambda = fitted.EntersAt[block] };
            }
        }

        foreach (EdgeRelevance edge in chosen.TargetEdges.Concat(chosen.Edges.Where(edge => edge.Target != targetBlock)))
        {
            // What the path has not met enters at the chosen lambda: it may lie beyond the path's end, and is solved to a smaller gap.
            (string, string) key = (NameOf(edge.Source), NameOf(edge.Target));
            double enters = edge.Target < 0 && fitted is not null ? fitted.Lambda : lambda;
            edges[key] = (edges.GetValueOrDefault(key) ?? new CircuitEdge(key.Item1, key.Item2, 0) { EntersAtLambda = enters }) with { Weight = edge.Weight, Norm = edge.Norm };
        }

        if (stability is not null)
        {
            for (int source = 0; source < _blocks.Count; source++)
            {
                for (int reader = fitted is null ? 0 : -1; reader < _blocks.Count; reader++)
                {
                    if (edges.TryGetValue((NameOf(source), NameOf(reader)), out CircuitEdge? edge))
                    {
                        edges[(edge.Source, edge.Target)] = edge with { Stability = stability.Of(source, reader) };
                    }
                }
            }
        }

        Circuit circuit = new Circuit(Nodes(chosen, targetName), edges.Values, targetName)
        {
            Components = target?.Kind == CircuitNodeKind.Logits ? data.Components : null,
            WeightPath = [.. path.Solutions.SelectMany((at, k) => WeightPoints(Relevance(at), path.Lambdas[k], targetBlock, NameOf))],
            Metrics = Metrics(solution, lambda, fitted, chosen, stability),
            Provenance = Provenance(),
        };
        circuit = predictable ? circuit.SelectAbove(options.MinimumWeight).Prune(needsIncoming: false) : circuit.Select(_ => false);
        double gap = Math.Max(fitted?.RelativeGap ?? 0, solution.Certificates.Max(certificate => certificate.RelativeGap));
        return new LearningResult(circuit, lambda, predictable, solution.Missed + (fitted?.Missed == true ? 1 : 0) + (stability?.Missed ?? 0), gap);
    }

    // The edges into the target come from its own regression, which has one lambda; those between blocks are what changes along the path.
    private static IEnumerable<EdgeWeightPoint> WeightPoints(RelevanceResult at, double lambda, int targetBlock, Func<int, string> nameOf) =>
        at.Edges.Where(edge => edge.Target != targetBlock)
            .Concat(targetBlock >= 0 ? at.TargetEdges : [])
            .Select(edge => new EdgeWeightPoint(nameOf(edge.Source), nameOf(edge.Target), lambda, edge.Weight));

    // Where the target is a block of the data, its columns of the matrix are the readout.
    private static Readout BlockReadout(GramStatistics statistics, BlockOrder order, LassoSolution solution, int targetBlock)
    {
        RegressionBlock block = order.Blocks[targetBlock];
        double[] coefficients = new double[order.Columns * block.Width];
        double variation = 0;
        for (int k = 0; k < block.Width; k++)
        {
            ReadOnlySpan<int> rows = solution.Coefficients.RowsOf(block.FirstColumn + k);
            ReadOnlySpan<double> values = solution.Coefficients.ValuesOf(block.FirstColumn + k);
            for (int i = 0; i < rows.Length; i++)
            {
                coefficients[(rows[i] * block.Width) + k] = values[i];
            }

            variation += statistics.CentredProducts(block.FirstColumn + k)[block.FirstColumn + k];
        }

        double unexplained = solution.Certificates
            .Where(certificate => certificate.Column >= block.FirstColumn && certificate.NullLoss > 0)
            .Sum(certificate => certificate.Loss / certificate.NullLoss * statistics.CentredProducts(certificate.Column)[certificate.Column]);
        return new Readout(block.Width, coefficients, variation, unexplained);
    }

    private IEnumerable<CircuitNode> Nodes(RelevanceResult relevance, string targetName)
    {
        int place = _blocks.Max(block => block.Place) + 1;
        for (int block = 0; block < _blocks.Count; block++)
        {
            LearningBlock described = _blocks[block];
            if (described.Name == targetName)
            {
                place = described.Place;
                continue;
            }

            int node = data.Components?.IndexOf(described.Name) ?? -1;
            yield return new CircuitNode(described.Name, described.Kind, node >= 0 ? data.Components!.Nodes[node].Place : described.Place)
            {
                Layer = described.Layer,
                Relevance = relevance.Blocks[block].Relevance,
                Explained = relevance.Blocks[block].Explained,
            };
        }

        yield return new CircuitNode(targetName, target?.Kind ?? CircuitNodeKind.Target, data.Components?.Nodes[^1].Place ?? place)
        {
            Relevance = 1,
            Explained = target?.Classes is null ? relevance.TargetExplained : null,
            Label = target?.Name,
        };
    }

    private Dictionary<string, double> Metrics(LassoSolution solution, double lambda, TargetReadout? fitted, RelevanceResult relevance, EdgeStability? stability)
    {
        Dictionary<string, double> metrics = new()
        {
            ["rows"] = data.Rows,
            ["columns"] = _columns,
            ["lambda"] = lambda,
            ["lambda_at_path_end"] = _chosenAtPathEnd ? 1 : 0,
            ["nonzeros"] = solution.Coefficients.NonZeros,
            ["regressions"] = solution.Certificates.Count,
            ["missed"] = solution.Missed + (fitted?.Missed == true ? 1 : 0),
            ["gap_max"] = solution.Certificates.Max(certificate => certificate.RelativeGap),
            ["gap_median"] = Median([.. solution.Certificates.Select(certificate => certificate.RelativeGap)]),
            ["explained_by_matrix"] = Explained(solution),
        };
        if (fitted is not null)
        {
            metrics["target_lambda"] = fitted.Lambda;
            metrics["target_gap"] = fitted.RelativeGap;
            metrics["target_predictable"] = fitted.Predictable ? 1 : 0;
            foreach ((string name, double value) in fitted.Metrics.Where(metric => double.IsFinite(metric.Value)))
            {
                metrics[name] = value;
            }
        }

        if (stability is not null)
        {
            metrics["stability_missed"] = stability.Missed;
        }

        if (target?.Classes is null)
        {
            metrics["target_explained"] = relevance.TargetExplained;
        }

        return metrics;
    }

    // 1 - residual over null loss, over all regressions of the matrix.
    private static double Explained(LassoSolution solution)
    {
        double nullLoss = solution.Certificates.Sum(certificate => certificate.NullLoss);
        return nullLoss > 0 ? 1 - (solution.Certificates.Sum(certificate => certificate.Loss) / nullLoss) : 0;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private SortedDictionary<string, string> Provenance()
    {
        string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
        SortedDictionary<string, string> provenance = new(data.Provenance.ToDictionary(), StringComparer.Ordinal)
        {
            ["method"] = "lasso",
            ["objective"] = "||H - H A||_F^2 + lambda ||A||_1, sums over rows",
            ["solver"] = new CoordinateDescentSolver().Name,
            ["target"] = target?.Name ?? _blocks[^1].Name,
            ["tolerance"] = Text(options.Tolerance),
            ["lambda_rule"] = options.Lambda is not null ? "given" : options.LambdaRatio is { } ratio ? "share " + Text(ratio) + " of the largest"
                : $"{options.Folds}-fold cross-validation, one standard error",
            ["path"] = $"{options.PathCount} lambdas down to {Text(options.PathRatio)} of the largest",
            ["standardize"] = options.Standardize ? "yes" : "no",
            ["minimum_weight"] = Text(options.MinimumWeight),
            ["shuffles"] = options.Shuffles.ToString(CultureInfo.InvariantCulture),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["regression_backend"] = MatrixBackend.Default.Name,
        };
        if (options.StabilityPairs > 0)
        {
            provenance["stability"] = string.Create(CultureInfo.InvariantCulture, $"{options.StabilityPairs} complementary pairs of half-samples, each of {EdgeStability.Folds / 2} of {EdgeStability.Folds} folds");
        }

        return provenance;
    }
}
