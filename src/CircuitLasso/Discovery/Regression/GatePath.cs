namespace CircuitLasso;

/// <summary>The largest lambda at which each gate of a <see cref="GateProblem"/> opens, along a falling path of lambdas.</summary>
internal static class GatePath
{
    /// <summary>Lambdas of a path, a constant ratio apart.</summary>
    public const int Length = 60;

    private const double PathTolerance = 1e-6;

    /// <summary>
    /// Follows the path and finds where gates open: between the last lambda at which a gate is shut and the first at which it is open, on the line between the
    /// slacks lambda - 2 (G (1 - g))_u there.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="least">Where the path ends; gates that are still shut there have 0.</param>
    /// <returns>One lambda a source.</returns>
    public static double[] Openings(GateProblem problem, double least)
    {
        double[] openings = new double[problem.Sources];
        double largest = problem.LargestLambda;
        if (largest <= least)
        {
            return openings;
        }

        double[] gates = new double[problem.Sources];
        double[] slacks = [.. Enumerable.Range(0, problem.Sources).Select(u => largest - (2 * problem.Pull(u, gates)))];
        double previous = largest;
        for (int step = 1; step < Length; step++)
        {
            double lambda = largest * Math.Pow(least / largest, step / (Length - 1.0));
            problem.Solve(lambda, gates, PathTolerance);
            for (int u = 0; u < openings.Length; u++)
            {
                if (openings[u] > 0)
                {
                    continue;
                }

                // The slack that the gate would have were it still shut, so that it crosses zero between the two lambdas.
                double slack = lambda - (2 * (problem.Pull(u, gates) + (gates[u] * problem.Squares(u))));
                if (gates[u] > 0)
                {
                    double share = slacks[u] - slack > 0 ? Math.Clamp(slacks[u] / (slacks[u] - slack), 0, 1) : 0;
                    openings[u] = previous + (share * (lambda - previous));
                }

                slacks[u] = slack;
            }

            previous = lambda;
        }

        return openings;
    }
}
