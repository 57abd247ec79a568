namespace CircuitLasso.Tests;

/// <summary>Gates in a box under an l1 penalty, against the exhaustive search over which gates are shut, open or between.</summary>
public sealed class GateProblemTests
{
    [Theory]
    [InlineData(1, 3, 1)]
    [InlineData(2, 5, 2)]
    [InlineData(4, 3, 3)]
    [InlineData(5, 20, 4)]
    [InlineData(6, 4, 5)]
    public void Gates_are_those_of_the_best_of_all_ways_to_shut_open_or_leave_them(int sources, int rows, int seed)
    {
        double[,] parts = Parts(sources, rows, seed);
        double[] gram = Gram(parts);
        double largest = new GateProblem([.. gram], sources).LargestLambda;
        foreach (double share in new[] { 1.5, 0.9, 0.4, 0.1, 0.01 })
        {
            double lambda = share * largest;
            double[] gates = new double[sources];

            GateCertificate certificate = new GateProblem([.. gram], sources).Solve(lambda, gates);

            double best = Exhaustive(parts, lambda);
            Assert.Equal(Objective(parts, gates, lambda), certificate.Primal, 1e-9 * (1 + best));
            Assert.InRange(certificate.Primal - best, -1e-9 * (1 + best), certificate.Gap + (1e-9 * (1 + best)));
            Assert.InRange(certificate.Gap, 0, 1e-8 * (gram.Sum() + Enumerable.Range(0, sources).Sum(u => gram[(u * sources) + u])) + 1e-12);
        }
    }

    [Fact]
    public void Solutions_above_their_tolerance_are_counted_as_missed()
    {
        double[] gates = new double[4];
        GateProblem problem = new(Gram(Parts(4, 20, 3)), 4);
        problem.Solve(0.2 * problem.LargestLambda, gates);
        Assert.Equal(0, problem.Missed);

        // No gap is below a negative tolerance.
        problem.Solve(0.2 * problem.LargestLambda, gates, -1);
        Assert.Equal(1, problem.Missed);

        GateProblem undefined = new([double.NaN], 1);
        undefined.Solve(1, new double[1]);
        Assert.Equal(1, undefined.Missed);
    }

    [Fact]
    public void From_any_start_the_same_gates_are_found()
    {
        double[] gram = Gram(Parts(5, 40, 9));
        double lambda = 0.2 * new GateProblem([.. gram], 5).LargestLambda;
        double[] shut = new double[5];
        double[] open = [1, 1, 1, 1, 1];

        new GateProblem([.. gram], 5).Solve(lambda, shut, 1e-13);
        new GateProblem([.. gram], 5).Solve(lambda, open, 1e-13);

        Assert.All(shut, (gate, source) => Assert.Equal(open[source], gate, 1e-5));
    }

    [Fact]
    public void Uncorrelated_sources_open_where_lambda_falls_below_four_times_their_squares()
    {
        double[] gram = [4, 0, 0, 0, 1, 0, 0, 0, 0.25];
        GateProblem problem = new(gram, 3);

        double[] openings = GatePath.Openings(problem, 1e-4);

        Assert.Equal(10.5, problem.ShutLoss);
        Assert.Equal(16, problem.LargestLambda);
        Assert.Equal(16, openings[0], 1e-9);
        Assert.Equal(4, openings[1], 1e-9);
        Assert.Equal(1, openings[2], 1e-9);
    }

    [Fact]
    public void Openings_lie_where_solutions_on_both_sides_say()
    {
        double[] gram = Gram(Parts(6, 30, 12));
        GateProblem problem = new(gram, 6);
        double[] openings = GatePath.Openings(problem, 1e-5 * problem.LargestLambda);

        for (int source = 0; source < 6; source++)
        {
            if (openings[source] == 0)
            {
                continue;
            }

            double[] above = new double[6];
            double[] below = new double[6];
            problem.Solve(openings[source] * 1.25, above, 1e-12);
            problem.Solve(openings[source] * 0.75, below, 1e-12);
            Assert.Equal(0, above[source], 1e-6);
            Assert.True(below[source] > 0, $"gate {source} is shut below its opening {openings[source]}");
        }

        Assert.Contains(openings, opening => opening > 0);
    }

    [Fact]
    public void Sources_that_carry_nothing_or_work_against_the_rest_stay_shut()
    {
        double[,] parts = { { 1, 2, 3 }, { 0, 0, 0 }, { -0.4, -0.8, -1.2 } };
        double[] gates = new double[3];

        new GateProblem(Gram(parts), 3).Solve(10, gates);

        Assert.True(gates[0] > 0);
        Assert.Equal([0, 0], gates[1..]);
    }

    [Fact]
    public void No_source_carrying_anything_leaves_every_gate_shut()
    {
        GateProblem problem = new(new double[4], 2);
        double[] gates = [1, 1];

        GateCertificate certificate = problem.Solve(1, gates);

        Assert.Equal(0, problem.LargestLambda);
        Assert.Equal([0, 0], gates);
        Assert.Equal(0, certificate.Gap);
        Assert.Equal([0, 0], GatePath.Openings(problem, 1));
    }

    private static double[,] Parts(int sources, int rows, int seed)
    {
        Random random = new(seed);
        double[] common = [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble() - 0.5)];
        double[,] parts = new double[sources, rows];
        for (int u = 0; u < sources; u++)
        {
            double shared = random.NextDouble();
            for (int i = 0; i < rows; i++)
            {
                parts[u, i] = (shared * common[i]) + (0.6 * (random.NextDouble() - 0.4));
            }
        }

        return parts;
    }

    private static double[] Gram(double[,] parts)
    {
        int sources = parts.GetLength(0);
        double[] gram = new double[sources * sources];
        for (int i = 0; i < gram.Length; i++)
        {
            gram[i] = Enumerable.Range(0, parts.GetLength(1)).Sum(row => parts[i / sources, row] * parts[i % sources, row]);
        }

        return gram;
    }

    private static double Objective(double[,] parts, double[] gates, double lambda) =>
        Enumerable.Range(0, parts.GetLength(1)).Sum(row =>
        {
            double[] left = [.. gates.Select((gate, u) => (1 - gate) * parts[u, row])];
            return Math.Pow(left.Sum(), 2) + left.Sum(part => part * part);
        }) + (lambda * gates.Sum());

    // Every gate shut, open, or between, where its slope is zero: the best of all that lie in the box.
    private static double Exhaustive(double[,] parts, double lambda)
    {
        int sources = parts.GetLength(0);
        double[] gram = Gram(parts);
        double best = double.PositiveInfinity;
        for (int state = 0; state < (int)Math.Pow(3, sources); state++)
        {
            int[] kind = [.. Enumerable.Range(0, sources).Select(u => state / (int)Math.Pow(3, u) % 3)];
            int[] between = [.. Enumerable.Range(0, sources).Where(u => kind[u] == 2)];
            double[] gates = [.. kind.Select(k => k == 1 ? 1.0 : 0.0)];
            double[,] system = new double[between.Length, between.Length + 1];
            for (int a = 0; a < between.Length; a++)
            {
                for (int b = 0; b < between.Length; b++)
                {
                    system[a, b] = Coupling(between[a], between[b]);
                }

                system[a, between.Length] = Enumerable.Range(0, sources).Sum(w => Coupling(between[a], w) * (kind[w] == 2 ? 1 : 1 - gates[w])) - (lambda / 2);
            }

            if (Solve(system) is not { } solution || Array.Exists(solution, gate => gate is < 0 or > 1))
            {
                continue;
            }

            for (int a = 0; a < between.Length; a++)
            {
                gates[between[a]] = solution[a];
            }

            best = Math.Min(best, Objective(parts, gates, lambda));
        }

        return best;

        // Half the second derivative of the objective: of the sum's loss, and on the diagonal of the part's own.
        double Coupling(int u, int w) => gram[(u * sources) + w] * (u == w ? 2 : 1);
    }

    private static double[]? Solve(double[,] system)
    {
        int n = system.GetLength(0);
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(system[row, column]));
            if (Math.Abs(system[pivot, column]) < 1e-9)
            {
                return null;
            }

            for (int k = 0; k <= n; k++)
            {
                (system[column, k], system[pivot, k]) = (system[pivot, k], system[column, k]);
            }

            for (int row = 0; row < n; row++)
            {
                double factor = row == column ? 0 : system[row, column] / system[column, column];
                for (int k = 0; k <= n && factor != 0; k++)
                {
                    system[row, k] -= factor * system[column, k];
                }
            }
        }

        return [.. Enumerable.Range(0, n).Select(row => system[row, n] / system[row, row])];
    }
}
