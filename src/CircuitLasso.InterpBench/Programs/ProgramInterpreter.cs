using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Runs a program on token ids, also with the variables of one component taken from another input. Keeps its working memory from call to call and
/// allocates nothing; not thread-safe, so use one for each thread.
/// </summary>
/// <remarks>
/// Inputs start with the beginning-of-sequence token and have 2 to <see cref="KnownProgram.SequenceLength"/> tokens. Outputs have one entry per token;
/// where the program does not see that first token its entry means nothing: class -1, or the number 0.
/// </remarks>
public sealed class ProgramInterpreter
{
    private readonly KnownProgram _program;
    private readonly ProgramStep[] _steps;
    private readonly ProgramState _base;
    private readonly ProgramState _source;

    /// <summary>Prepares to run a program.</summary>
    /// <param name="program">The program.</param>
    public ProgramInterpreter(KnownProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        _program = program;
        _steps = [.. program.Runtime.Checked.Steps];
        _base = new ProgramState(program.Variables, program.SequenceLength);
        _source = new ProgramState(program.Variables, program.SequenceLength);
    }

    /// <summary>Runs a classification.</summary>
    /// <param name="tokenIds">The input.</param>
    /// <param name="classes">Receives a class per token; null is the class <c>Classes.Count</c>.</param>
    /// <exception cref="ArgumentException">The input is no sequence of the program's tokens, or a span is of the wrong length.</exception>
    /// <exception cref="InvalidOperationException">The program is a regression.</exception>
    /// <exception cref="InputException">The program does something on this input that it must not do: a mean of unequal classes, say.</exception>
    public void Run(ReadOnlySpan<int> tokenIds, Span<int> classes)
    {
        Run(_base, tokenIds, [], _source);
        WriteClasses(tokenIds.Length, classes);
    }

    /// <summary>Runs a regression.</summary>
    /// <param name="tokenIds">The input.</param>
    /// <param name="numbers">Receives a number per token.</param>
    /// <inheritdoc cref="Run(ReadOnlySpan{int}, Span{int})" path="/exception[@cref='ArgumentException']"/>
    /// <exception cref="InvalidOperationException">The program is a classification.</exception>
    public void Run(ReadOnlySpan<int> tokenIds, Span<float> numbers)
    {
        Run(_base, tokenIds, [], _source);
        WriteNumbers(tokenIds.Length, numbers);
    }

    /// <summary>Runs a classification with the variables of one component taken, at every position, from another input; what follows from them is computed anew.</summary>
    /// <param name="component">A component of the circuit, by its name in the model.</param>
    /// <param name="baseIds">The input.</param>
    /// <param name="sourceIds">The input that the component's variables come from, as long as the first.</param>
    /// <param name="classes">Receives a class per token; null is the class <c>Classes.Count</c>.</param>
    /// <exception cref="ArgumentException">An input is no sequence of the program's tokens, a span is of the wrong length, or the component is not in the circuit.</exception>
    /// <exception cref="InvalidOperationException">The program is a regression.</exception>
    public void RunWithSwap(string component, ReadOnlySpan<int> baseIds, ReadOnlySpan<int> sourceIds, Span<int> classes)
    {
        Swap(component, baseIds, sourceIds);
        WriteClasses(baseIds.Length, classes);
    }

    /// <summary>The same for a regression.</summary>
    /// <param name="component">A component of the circuit, by its name in the model.</param>
    /// <param name="baseIds">The input.</param>
    /// <param name="sourceIds">The input that the component's variables come from, as long as the first.</param>
    /// <param name="numbers">Receives a number per token.</param>
    /// <inheritdoc cref="RunWithSwap(string, ReadOnlySpan{int}, ReadOnlySpan{int}, Span{int})" path="/exception[@cref='ArgumentException']"/>
    /// <exception cref="InvalidOperationException">The program is a classification.</exception>
    public void RunWithSwap(string component, ReadOnlySpan<int> baseIds, ReadOnlySpan<int> sourceIds, Span<float> numbers)
    {
        Swap(component, baseIds, sourceIds);
        WriteNumbers(baseIds.Length, numbers);
    }

    /// <summary>The values of a variable in the last run, one per position that the program sees; null for null.</summary>
    /// <param name="variable">The name of a variable.</param>
    /// <exception cref="ArgumentException">The program has no such variable.</exception>
    public IReadOnlyList<ProgramValue?> Values(string variable)
    {
        ProgramVariable found = _program.Runtime.Checked.Variables.GetValueOrDefault(variable) ?? throw new ArgumentException($"The program has no variable '{variable}'.", nameof(variable));
        return [.. Enumerable.Range(0, _base.Length).Select(position => _base.Value(found, position))];
    }

    /// <summary>The scores of all words after the last position of the last run, where the program's output is a score.</summary>
    internal int[] LastScores() => _steps.OfType<ScoreStep>().Single().LastScores(_base);

    private void Swap(string component, ReadOnlySpan<int> baseIds, ReadOnlySpan<int> sourceIds)
    {
        if (!_program.Runtime.VariablesOfComponent.TryGetValue(component, out ProgramVariable[]? swapped))
        {
            throw new ArgumentException($"'{component}' is not in the circuit of program '{_program.Id}'.", nameof(component));
        }

        if (baseIds.Length != sourceIds.Length)
        {
            throw new ArgumentException("The two inputs are not equally long.", nameof(sourceIds));
        }

        Run(_source, sourceIds, [], _base);
        Run(_base, baseIds, swapped, _source);
    }

    private void Run(ProgramState state, ReadOnlySpan<int> tokenIds, ProgramVariable[] swapped, ProgramState source)
    {
        int first = _program.Runtime.FirstPosition;
        if (tokenIds.Length < 2 || tokenIds.Length > _program.SequenceLength || tokenIds[0] != _program.BeginningToken)
        {
            throw new ArgumentException($"An input has 2 to {_program.SequenceLength} tokens, of which the first is {_program.BeginningToken}.", nameof(tokenIds));
        }

        state.Length = tokenIds.Length - first;
        foreach (ProgramStep step in _steps)
        {
            if (Array.IndexOf(swapped, step.Output) >= 0)
            {
                state.CopyVariable(step.Output, source);
            }
            else if (step.Output.Operation == ProgramOperation.Tokens)
            {
                ReadTokens(tokenIds[first..], state.Codes(step.Output));
            }
            else
            {
                step.Run(state);
            }
        }
    }

    private void ReadTokens(ReadOnlySpan<int> tokenIds, Span<int> codes)
    {
        int[] codeOfToken = _program.Runtime.CodeOfToken;
        for (int i = 0; i < codes.Length; i++)
        {
            int id = tokenIds[i];
            codes[i] = (uint)id < (uint)codeOfToken.Length && codeOfToken[id] >= 0
                ? codeOfToken[id]
                : throw new ArgumentException($"Token id {id} is no word of program '{_program.Id}'.", nameof(tokenIds));
        }
    }

    private void WriteClasses(int tokens, Span<int> classes)
    {
        if (_program.IsRegression)
        {
            throw new InvalidOperationException($"Program '{_program.Id}' puts out numbers, not classes.");
        }

        RequireLength(classes.Length, tokens);
        classes[0] = -1;
        ReadOnlySpan<int> codes = _base.Codes(_program.Output);
        for (int i = 0; i < codes.Length; i++)
        {
            classes[_program.Runtime.FirstPosition + i] = codes[i] >= 0 ? _program.Runtime.ClassOfCode[codes[i]] : _program.HasNullClass ? _program.Classes.Count : throw NullOutput();
        }
    }

    private void WriteNumbers(int tokens, Span<float> numbers)
    {
        if (!_program.IsRegression)
        {
            throw new InvalidOperationException($"Program '{_program.Id}' puts out classes, not numbers.");
        }

        RequireLength(numbers.Length, tokens);
        numbers[0] = 0;
        ReadOnlySpan<double> values = _base.Numbers(_program.Output);
        for (int i = 0; i < values.Length; i++)
        {
            numbers[_program.Runtime.FirstPosition + i] = double.IsNaN(values[i]) ? throw NullOutput() : (float)values[i];
        }
    }

    private InputException NullOutput() =>
        new(_program.Runtime.Subject, $"node '{_program.Output.Id}' is null on an input, although the file says that this is not possible", "leave 'null_output_possible' out, or make it true");

    private static void RequireLength(int length, int tokens)
    {
        if (length != tokens)
        {
            throw new ArgumentException($"There are {tokens} tokens, but room for {length} outputs.");
        }
    }
}
