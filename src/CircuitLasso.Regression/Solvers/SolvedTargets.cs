using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// The targets of a run of <see cref="SharedGramSolver"/> that are done: filled while it works, so that an interrupted run loses nothing, and
/// given to a later run of the same problem, which leaves them as they are. Kept as a SciPy .npz of the coefficients with the certificates
/// beside them. Safe for several threads while a run fills it; write it when the run is over.
/// </summary>
public sealed class SolvedTargets
{
    private const string Remedy = "delete it to start again";
    private readonly SparseVector?[] _columns;
    private readonly TargetCertificate[] _certificates;
    private readonly double[] _intercepts;
    private readonly bool[] _isDone;

    /// <summary>Starts with none.</summary>
    /// <param name="features">Columns of the design.</param>
    /// <param name="targets">Number of targets.</param>
    /// <param name="pathLength">Number of lambdas of each target.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below one.</exception>
    public SolvedTargets(int features, int targets, int pathLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(targets, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pathLength, 1);
        (Features, Targets, PathLength) = (features, targets, pathLength);
        int count = checked(targets * pathLength);
        _columns = new SparseVector?[count];
        _certificates = new TargetCertificate[count];
        _intercepts = new double[count];
        _isDone = new bool[targets];
    }

    /// <summary>Columns of the design.</summary>
    public int Features { get; }

    /// <summary>Number of targets.</summary>
    public int Targets { get; }

    /// <summary>Number of lambdas of each target.</summary>
    public int PathLength { get; }

    /// <summary>How many targets are done.</summary>
    public int Done => _isDone.Count(static done => done);

    /// <summary>Writes what is done.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="fingerprint">Bytes that tell this problem from every other.</param>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public void Write(string path, ReadOnlySpan<byte> fingerprint)
    {
        double[] Field(Func<TargetCertificate, double> select) => [.. _certificates.Select(select)];
        SciPySparseFile.Write(path, Coefficients(), vectors:
        [
            new("fingerprint", [.. fingerprint.ToArray().Select(static part => (double)part)]),
            new("done", [.. _isDone.Select(static done => done ? 1.0 : 0.0)]),
            new("intercepts", _intercepts),
            new("lambda", Field(static certificate => certificate.Lambda)),
            new("loss", Field(static certificate => certificate.Loss)),
            new("primal", Field(static certificate => certificate.Primal)),
            new("dual", Field(static certificate => certificate.Dual)),
            new("null_loss", Field(static certificate => certificate.NullLoss)),
            new("iterations", Field(static certificate => certificate.Iterations)),
            new("converged", Field(static certificate => certificate.Converged ? 1 : 0)),
        ]);
    }

    /// <summary>Reads what an interrupted run left behind.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fingerprint">Bytes that tell this problem from every other.</param>
    /// <exception cref="InputException">It is of another problem or of another size, or no such file.</exception>
    public void Read(string path, ReadOnlySpan<byte> fingerprint)
    {
        CompressedColumns<double> coefficients = SciPySparseFile.Read<double>(path);
        using NpzFile file = new(path);
        double[] found = Vector(file, "fingerprint", fingerprint.Length);
        for (int i = 0; i < found.Length; i++)
        {
            if (found[i] != fingerprint[i])
            {
                throw new InputException(path, "was left by an interrupted run on other files or with other options", Remedy);
            }
        }

        if (coefficients.RowCount != Features || coefficients.ColumnCount != _columns.Length)
        {
            throw new InputException(path, $"is {coefficients.RowCount} x {coefficients.ColumnCount}, and this problem {Features} x {_columns.Length}", Remedy);
        }

        double[] done = Vector(file, "done", Targets), intercepts = Vector(file, "intercepts", _columns.Length);
        double[] lambda = Vector(file, "lambda", _columns.Length), loss = Vector(file, "loss", _columns.Length), primal = Vector(file, "primal", _columns.Length);
        double[] dual = Vector(file, "dual", _columns.Length), nullLoss = Vector(file, "null_loss", _columns.Length);
        double[] iterations = Vector(file, "iterations", _columns.Length), converged = Vector(file, "converged", _columns.Length);
        for (int at = 0; at < _columns.Length; at++)
        {
            int target = at % Targets;
            _isDone[target] = done[target] != 0;
            if (_isDone[target])
            {
                _columns[at] = new SparseVector(coefficients.RowsOf(at).ToArray(), coefficients.ValuesOf(at).ToArray());
                _intercepts[at] = intercepts[at];
                _certificates[at] = new TargetCertificate(target, lambda[at], loss[at], primal[at], dual[at], nullLoss[at], (int)Math.Clamp(iterations[at], 0, int.MaxValue), converged[at] != 0);
            }
        }
    }

    internal bool IsDone(int target) => _isDone[target];

    /// <summary>Keeps one lambda of a target; the last of them makes it done.</summary>
    internal void Set(int target, int point, SparseVector? coefficients, double intercept, TargetCertificate certificate)
    {
        int at = (point * Targets) + target;
        (_columns[at], _intercepts[at], _certificates[at]) = (coefficients, intercept, certificate);
        if (point == PathLength - 1)
        {
            _isDone[target] = true;
        }
    }

    /// <summary>All of it as a solution.</summary>
    internal SharedGramSolution ToSolution(TimeSpan correlationTime, TimeSpan solvingTime) =>
        new(Coefficients(), [.. _intercepts], [.. _certificates], correlationTime, solvingTime);

    private CompressedColumns<double> Coefficients()
    {
        // A target that was interrupted half-way down its path is not done, and none of it is kept.
        return SparseColumns.FromColumns(Features, [.. _columns.Select((column, at) => _isDone[at % Targets] ? column : null)]).ToCompressed();
    }

    private static double[] Vector(NpzFile file, string name, int length)
    {
        if (!file.Contains(name))
        {
            throw new InputException(file.Path, $"has no array '{name}'", Remedy);
        }

        using NumPyArray array = file.Read(name);
        return array.Shape.Count == 1 && array.Length == length ? array.AsDoubles() : throw new InputException(array.Source, $"does not hold {length} numbers", Remedy);
    }
}
