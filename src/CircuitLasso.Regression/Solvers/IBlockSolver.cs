using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Solves a <see cref="BlockProblem"/>. Implementations hold no state and are thread-safe; their results do not depend on the number of threads.</summary>
public interface IBlockSolver
{
    /// <summary>The solver's name, for messages and provenance.</summary>
    string Name { get; }

    /// <summary>Whether the solver can minimise this datafit with this penalty.</summary>
    /// <param name="datafit">The smooth part.</param>
    /// <param name="penalty">The part that is not.</param>
    bool Supports(IDatafit datafit, IPenalty penalty);

    /// <summary>Solves for every target.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="penalty">The penalty.</param>
    /// <param name="options">When to stop; the defaults if null.</param>
    /// <param name="warmStart">A solution of the same problem for another lambda to start from, or null to start from zero.</param>
    /// <param name="progress">Told of targets done, from several threads, or null.</param>
    /// <param name="cancellationToken">Stops between targets or iterations.</param>
    /// <returns>Coefficients and a certificate for each target; a target that missed its gap says so.</returns>
    /// <exception cref="ArgumentException">The solver does not support the penalty, or the penalty or warm start is of another size.</exception>
    /// <exception cref="InputException">The tolerance is not a positive number.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    LassoSolution Solve(
        BlockProblem problem, IPenalty penalty, SolverOptions? options = null, LassoSolution? warmStart = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default);
}
