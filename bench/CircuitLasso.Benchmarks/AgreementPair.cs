using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Benchmarks;

/// <summary>A beginning of a sentence and its twin, in which the deciding noun has the other number, with the verb in both numbers.</summary>
/// <param name="Clean">The beginning.</param>
/// <param name="Corrupt">The twin, of as many tokens.</param>
/// <param name="Right">The verb that suits the beginning.</param>
/// <param name="Wrong">The verb that suits the twin.</param>
/// <param name="IsPlural">Whether the beginning wants the plural.</param>
internal sealed record AgreementPair(string Clean, string Corrupt, string Right, string Wrong, bool IsPlural)
{
    /// <summary>Pairs of the embedded grammar; no beginning stands in two of them.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="count">How many examples are drawn; fewer pairs are left.</param>
    /// <param name="phenomenon">How the phenomena's names begin.</param>
    public static IEnumerable<AgreementPair> OfGrammar(ulong seed, int count, string phenomenon)
    {
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        HashSet<string> seen = [];
        foreach (GrammarExample example in grammar.GenerateExamples(
            seed, count, [.. grammar.Phenomena.Where(name => name.StartsWith(phenomenon, StringComparison.Ordinal))], ExampleSplit.All))
        {
            bool isPlural = example.Grammatical == GrammaticalAnswer.A;
            if (grammar.OppositePrefix(example) is { } twin && !seen.Contains(twin) && seen.Add(example.Prefix) && seen.Add(twin))
            {
                yield return new AgreementPair(example.Prefix, twin, isPlural ? example.AnswerA : example.AnswerB, isPlural ? example.AnswerB : example.AnswerA, isPlural);
            }
        }
    }

    /// <summary>Writes the pairs, each also the other way round (the twin, asked for the same answers), as a task file.</summary>
    public static void Write(string path, IEnumerable<AgreementPair> pairs)
    {
        string Line(string clean, string corrupt, AgreementPair pair) =>
            JsonSerializer.Serialize(new { clean_prefix = clean, patch_prefix = corrupt, clean_answer = pair.Right, patch_answer = pair.Wrong });
        File.WriteAllLines(path, pairs.SelectMany(pair => (string[])[Line(pair.Clean, pair.Corrupt, pair), Line(pair.Corrupt, pair.Clean, pair)]));
    }

    /// <summary>Whether both beginnings have as many tokens.</summary>
    public bool IsEven(Tokenizer tokenizer) => tokenizer.Encode(Clean).Length == tokenizer.Encode(Corrupt).Length;
}
