using System.Globalization;
using CircuitLasso.Testing;

namespace CircuitLasso.Regression.Tests;

/// <summary>Runs a Python program over numbers, with NumPy and scikit-learn; skips the running test, with the reason, where they are missing.</summary>
internal static class ScikitLearn
{
    private const string Prologue = """
        import sys, warnings, numpy as np
        warnings.filterwarnings('ignore')
        a = [np.array(line.split(), dtype=float) for line in open(sys.argv[1]).read().split('\n')]
        def out(x): print(' '.join(repr(float(v)) for v in np.ravel(x)))

        """;

    /// <summary>Runs the program, which finds the arrays as the list <c>a</c> and calls <c>out</c>, and returns the numbers it prints.</summary>
    public static double[] Run(string program, params double[][] input)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("numbers.txt");
        File.WriteAllText(path, string.Join('\n', input.Select(line => string.Join(' ', line.Select(v => v.ToString("R", CultureInfo.InvariantCulture))))));
        string output = Python.Run("sklearn", Prologue + program, path);
        return [.. output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
    }
}
