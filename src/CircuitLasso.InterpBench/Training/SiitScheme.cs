using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// What training and evaluation share: the program, its nodes in the model, and the program's outputs under interventions. A node of the program is swapped
/// in the program by all variables that it writes.
/// </summary>
internal sealed class SiitScheme
{
    private readonly ProgramInterpreter _interpreter;
    private readonly bool[] _isScored;

    public SiitScheme(KnownProgram program, ModelDescription description)
    {
        Program = program;
        Swap = new NodeSwap(description);
        _interpreter = new ProgramInterpreter(program);
        _isScored = new bool[program.SequenceLength];
        foreach (int position in program.ScoredPositions)
        {
            _isScored[position] = true;
        }

        InterchangeNodes = [.. program.InterchangeNodes.Select(node => node.Component)];
        CircuitNodes = [.. InterchangeNodes.Distinct()];
        OutsideNodes = [.. program.OutsideNodes.Select(Swap.IndexOf)];
    }

    public KnownProgram Program { get; }

    public NodeSwap Swap { get; }

    /// <summary>Circuit nodes by name, as often as the interchange loss draws them.</summary>
    public IReadOnlyList<string> InterchangeNodes { get; }

    /// <summary>Circuit nodes by name, each once.</summary>
    public IReadOnlyList<string> CircuitNodes { get; }

    /// <summary>Numbers of the nodes outside the circuit.</summary>
    public IReadOnlyList<int> OutsideNodes { get; }

    /// <summary>The program's outputs of the pairs' bases, one per position, with a node (of that row, by name) taken from the sources; null swaps nothing.</summary>
    public float[] Outputs(SiitPairs pairs, Func<int, string?> node)
    {
        int length = Program.SequenceLength;
        float[] outputs = new float[pairs.Count * length];
        int[] classes = new int[length];
        for (int row = 0; row < pairs.Count; row++)
        {
            Span<float> target = outputs.AsSpan(row * length, length);
            string? component = node(row);
            if (Program.IsRegression)
            {
                RunNumbers(component, pairs, row, target);
                continue;
            }

            RunClasses(component, pairs, row, classes);
            for (int position = 0; position < length; position++)
            {
                target[position] = classes[position];
            }
        }

        return outputs;
    }

    /// <summary>The loss of rows of logits against the program's outputs: mean cross-entropy, or mean squared error, over scored positions.</summary>
    /// <param name="logits">[rows, positions, outputs], or [rows, 1, outputs] where only the last position is scored.</param>
    /// <param name="outputs">One number per row and position: a class, or the number itself.</param>
    public Tensor Loss(Tensor logits, float[] outputs)
    {
        int length = Program.SequenceLength;
        int rows = logits.Dimension(0);
        int positions = logits.Dimension(1);
        int first = length - positions;
        if (Program.IsRegression)
        {
            float[] targets = new float[rows * positions];
            float[] weights = new float[rows * positions];
            int scored = 0;
            for (int i = 0; i < targets.Length; i++)
            {
                int position = first + (i % positions);
                if (_isScored[position])
                {
                    targets[i] = outputs[((i / positions) * length) + position];
                    weights[i] = 1;
                    scored++;
                }
            }

            Tensor difference = logits.Reshape(rows, positions).Subtract(Tensor.FromValues(targets, rows, positions)).Multiply(Tensor.FromValues(weights, rows, positions));
            return difference.Multiply(difference).Sum().Scale(1f / scored);
        }

        int[] classes = new int[rows * positions];
        for (int i = 0; i < classes.Length; i++)
        {
            int position = first + (i % positions);
            classes[i] = _isScored[position] ? (int)outputs[((i / positions) * length) + position] : -1;
        }

        return logits.CrossEntropy(classes);
    }

    /// <summary>How many scored outputs are right, and how many are scored.</summary>
    public (long Right, long Scored) Count(Tensor logits, float[] outputs)
    {
        const double NumberTolerance = 0.05;
        int length = Program.SequenceLength;
        int positions = logits.Dimension(1);
        int width = logits.Dimension(2);
        int first = length - positions;
        float[] values = logits.ToArray();
        long right = 0;
        long scored = 0;
        for (int i = 0; i < values.Length / width; i++)
        {
            int position = first + (i % positions);
            if (!_isScored[position])
            {
                continue;
            }

            scored++;
            double wanted = outputs[((i / positions) * length) + position];
            ReadOnlySpan<float> row = values.AsSpan(i * width, width);
            if (Program.IsRegression ? Math.Abs(row[0] - wanted) < NumberTolerance : ArgMax(row) == (int)wanted)
            {
                right++;
            }
        }

        return (right, scored);
    }

    /// <summary>Where logits are needed: everywhere, or at the last position alone.</summary>
    public LogitPositions LogitPositions => Array.IndexOf(_isScored, true) < Program.SequenceLength - 1 ? LogitPositions.All : LogitPositions.Last;

    private void RunNumbers(string? component, SiitPairs pairs, int row, Span<float> numbers)
    {
        if (component is null)
        {
            _interpreter.Run(pairs.Bases[row], numbers);
        }
        else
        {
            _interpreter.RunWithSwap(component, pairs.Bases[row], pairs.Sources[row], numbers);
        }
    }

    private void RunClasses(string? component, SiitPairs pairs, int row, Span<int> classes)
    {
        if (component is null)
        {
            _interpreter.Run(pairs.Bases[row], classes);
        }
        else
        {
            _interpreter.RunWithSwap(component, pairs.Bases[row], pairs.Sources[row], classes);
        }
    }

    private static int ArgMax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            if (row[i] > row[best])
            {
                best = i;
            }
        }

        return best;
    }
}
