using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>Runs discovery methods on models whose circuits are known, all on the same inputs, and judges what they find.</summary>
public static class InterpBenchSuite
{
    private const string ExactName = "exact";
    private const int WarmUpSamples = 20;

    /// <summary>
    /// Runs the suite. Every method runs once on twenty inputs before it is timed, so that no row pays for the compilation of code.
    /// </summary>
    /// <param name="models">The models.</param>
    /// <param name="options">What to run.</param>
    /// <param name="keepFolder">Where finished runs are kept, and taken up again; null keeps none.</param>
    /// <param name="progress">Told how many runs are done.</param>
    /// <param name="cancellation">Stops the suite; kept runs stay.</param>
    /// <returns>A row per case, method and seed; the floors of each case come first.</returns>
    /// <exception cref="InputException">A case or method does not exist, a model is not sound or not its program's, or a kept run is not sound.</exception>
    public static IReadOnlyList<SuiteRow> Run(
        ModelSet models, SuiteOptions options, string? keepFolder = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        IDiscoveryMethod[] methods = options.Methods is null ? [.. DiscoveryMethods.All] : [.. options.Methods.Distinct().Select(DiscoveryMethods.Named)];
        return Run(models, options, methods, keepFolder, progress, cancellation);
    }

    /// <summary>The suite with methods of the caller's own.</summary>
    /// <inheritdoc cref="Run(ModelSet, SuiteOptions, string?, IProgress{WorkProgress}?, CancellationToken)"/>
    public static IReadOnlyList<SuiteRow> Run(
        ModelSet models,
        SuiteOptions options,
        IReadOnlyList<IDiscoveryMethod> methods,
        string? keepFolder = null,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(methods);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Seeds, 1, nameof(options));
        string[] cases = [.. (options.Cases ?? models.Cases).Distinct()];
        foreach (string unknown in cases.Except(models.Cases))
        {
            throw new InputException($"case {unknown}", $"is not in {models.Name}", "choose among " + string.Join(", ", models.Cases));
        }

        KeptRuns kept = new(keepFolder, options);
        HashSet<string> warm = [];
        List<SuiteRow> rows = [];
        long total = (long)cases.Length * options.Seeds * methods.Count;
        long done = 0;
        Heartbeat heartbeat = new(() => Report(done));
        foreach (string name in cases)
        {
            using KnownModel model = models.Open(name);
            for (int seed = 0; seed < options.Seeds; seed++)
            {
                Dictionary<string, MeasuredRun> runs = [];
                DiscoveryTask? task = null;
                foreach (IDiscoveryMethod method in methods)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Report(done);
                    MeasuredRun? run = kept.Find(model, method.Name, (ulong)seed);
                    if (run is null)
                    {
                        task ??= Draw(model, options.Samples, seed);
                        if (warm.Add(method.Name))
                        {
                            method.Discover(model.Model, Draw(model, Math.Min(WarmUpSamples, options.Samples), seed), options.Discovery, heartbeat, cancellation);
                        }

                        run = MeasuredRun.Measure(method, model, task, options.Discovery, heartbeat, cancellation);
                        kept.Keep(model, method.Name, (ulong)seed, run);
                    }

                    runs.Add(method.Name, run);
                    Report(++done);
                }

                rows.AddRange(Rows(model, seed, methods, runs, options));
            }
        }

        return rows;

        void Report(long finished) => progress?.Report(new WorkProgress("discovering", finished, total, "runs"));
    }

    private static DiscoveryTask Draw(KnownModel model, int samples, int seed)
    {
        DiscoveryTask task = KnownCircuitTask.Draw(model.Program, samples, (ulong)seed);
        task.RequireFits(model.Model);
        return task;
    }

    private static IEnumerable<SuiteRow> Rows(
        KnownModel model, int seed, IReadOnlyList<IDiscoveryMethod> methods, Dictionary<string, MeasuredRun> runs, SuiteOptions options)
    {
        CircuitTruth truth = CircuitTruth.Of(model.Program);
        CircuitTruth upstream = CircuitTruth.Upstream(model.Program);
        CircuitTruth? exact = runs.TryGetValue(ExactName, out MeasuredRun? patched) ? Patched(patched.Scores, options.ExactShare) : null;
        (int candidates, int visible) = (Count(truth.IsCandidate), Count(truth.IsVisible));
        int visibleTruth = truth.Count - (candidates - visible);
        (string Name, Func<int, int, CircuitFigures> Figures)[] floors =
            [(CircuitFloors.EmptyName, CircuitFloors.Empty), (CircuitFloors.FullName, CircuitFloors.Full), (CircuitFloors.RandomName, CircuitFloors.Random)];
        foreach ((string name, Func<int, int, CircuitFigures> figures) in floors)
        {
            // The random floor draws as many edges as the truth that it is measured against has.
            yield return new SuiteRow
            {
                Case = model.Name,
                Program = model.Program.Id,
                Method = name,
                Seed = seed,
                Figures = figures(truth.Count, candidates),
                VisibleFigures = figures(visibleTruth, visible),
                UpstreamDistance = figures(upstream.Count, candidates).HammingDistance,
                ExactDistance = exact is null ? null : figures(exact.Count, candidates).HammingDistance,
                ExactTruth = exact?.Count,
                Accuracy = model.Accuracy,
                AccuracyWithOutsideSwapped = model.AccuracyWithOutsideSwapped,
                Truth = truth,
            };
        }

        foreach (IDiscoveryMethod method in methods)
        {
            MeasuredRun run = runs[method.Name];
            yield return new SuiteRow
            {
                Case = model.Name,
                Program = model.Program.Id,
                Method = method.Name,
                Seed = seed,
                Figures = CircuitFigures.Of(run.Scores, run.InCircuit, truth),
                VisibleFigures = CircuitFigures.Of(run.Scores, run.InCircuit, truth, visibleOnly: true),
                UpstreamDistance = CircuitFigures.HammingDistanceOf(run.InCircuit, upstream),
                ExactDistance = exact is null ? null : CircuitFigures.HammingDistanceOf(run.InCircuit, exact),
                ExactTruth = exact?.Count,
                Seconds = run.Seconds,
                SecondsByKind = run.SecondsByKind,
                PeakBytes = run.PeakBytes,
                Accuracy = model.Accuracy,
                AccuracyWithOutsideSwapped = model.AccuracyWithOutsideSwapped,
                Scores = run.Scores,
                Truth = truth,
            };
        }
    }

    private static int Count(IReadOnlyList<bool> values) => values.Count(value => value);

    // What the model itself does, by intervention: a truth that owes nothing to the program.
    private static CircuitTruth Patched(EdgeScores scores, double share)
    {
        ComponentGraph graph = scores.Graph;
        bool[] found = EdgeSelection.Prune(graph, EdgeSelection.AtLeastShareOfLargest(scores, share));
        return new CircuitTruth(
            graph,
            graph.Edges
                .Where((edge, index) => found[index] && (edge.Source != 0 || edge.Target != graph.Nodes.Count - 1))
                .Select(edge => (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name)));
    }

    // A method's own progress only shows that the suite is alive.
    private sealed class Heartbeat(Action report) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => report();
    }
}
