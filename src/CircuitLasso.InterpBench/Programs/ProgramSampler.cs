using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Draws inputs of full length: the beginning-of-sequence token and then words drawn uniformly and independently, or a sentence by the program's templates.
/// The same seed gives the same inputs. Not thread-safe.
/// </summary>
public sealed class ProgramSampler
{
    private readonly KnownProgram _program;
    private readonly RandomSource _random;
    private readonly int[] _words;

    /// <summary>Starts the stream of a seed.</summary>
    /// <param name="program">The program.</param>
    /// <param name="seed">The seed.</param>
    public ProgramSampler(KnownProgram program, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(program);
        _program = program;
        _random = new RandomSource(seed);
        _words = [.. program.InputVocabulary.Select(word => program.TokenIds[word.Text])];
    }

    /// <summary>Draws one input.</summary>
    /// <param name="tokenIds">Receives <see cref="KnownProgram.SequenceLength"/> token ids.</param>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public void Sample(Span<int> tokenIds)
    {
        if (tokenIds.Length != _program.SequenceLength)
        {
            throw new ArgumentException($"An input has {_program.SequenceLength} tokens, not {tokenIds.Length}.", nameof(tokenIds));
        }

        if (_program.Runtime.Sentences is { } sentences)
        {
            sentences.Draw(_random, tokenIds);
            return;
        }

        tokenIds[0] = _program.BeginningToken;
        for (int i = 1; i < tokenIds.Length; i++)
        {
            tokenIds[i] = _words[_random.NextInt32(_words.Length)];
        }
    }

    /// <summary>Draws one input.</summary>
    public int[] Sample()
    {
        int[] tokenIds = new int[_program.SequenceLength];
        Sample(tokenIds);
        return tokenIds;
    }
}
