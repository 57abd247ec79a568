namespace CircuitLasso.Regression;

/// <summary>Refuses what a solver cannot do, before its first iteration.</summary>
internal static class SolverCompatibility
{
    public static L1Penalty RequireL1(IBlockSolver solver, BlockProblem problem, IPenalty penalty, SolverOptions options, LassoSolution? warmStart)
    {
        Require(solver, problem, penalty, options, warmStart);
        L1Penalty l1 = (L1Penalty)penalty;
        l1.CheckTargets(problem.Targets.Count);
        return l1;
    }

    public static void Require(IBlockSolver solver, BlockProblem problem, IPenalty penalty, SolverOptions options, LassoSolution? warmStart)
    {
        if (!solver.Supports(SquaredLoss.Instance, penalty))
        {
            throw new ArgumentException($"{solver.Name} does not solve {SquaredLoss.Instance.Name} with the penalty {penalty.Name}", nameof(penalty));
        }

        options.Check();
        if (warmStart is not null && warmStart.ScaledCoefficients.ColumnCount != problem.Columns)
        {
            throw new ArgumentException("the warm start is of another problem", nameof(warmStart));
        }
    }
}
