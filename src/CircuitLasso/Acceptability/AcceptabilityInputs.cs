using System.Globalization;
using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The files that an experiment starts from.</summary>
/// <param name="Model">The model's folder.</param>
/// <param name="Autoencoders">Its autoencoders, as PATH or SITE=PATH.</param>
/// <param name="Text">The sentences.</param>
/// <param name="TextColumn">Where the sentence is.</param>
/// <param name="LabelColumn">Where the label is.</param>
/// <param name="Task">The pairs to test on, or null.</param>
/// <param name="TestText">Labelled sentences that nothing is learnt from, to test circuits of the label on, or null.</param>
internal sealed record AcceptabilityInputs(string Model, IReadOnlyList<string> Autoencoders, string Text, string? TextColumn, string LabelColumn, string? Task, string? TestText)
{
    private const ulong SentenceSeed = 40;
    private const ulong PairSeed = 60;
    private const ulong TestSeed = 80;
    private const int TestSentences = 400;
    private const int PairExamples = 8;
    private const string AgreementPrefix = "agreement_";

    /// <summary>Takes what the options name, or writes what belongs to the embedded model.</summary>
    /// <param name="folder">Where to write it.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="InputException">Some of model, autoencoders, text and label are given and others not.</exception>
    public static AcceptabilityInputs Prepare(string folder, AcceptabilityOptions options)
    {
        if (options.ModelFolder is { } model)
        {
            Require(options.Autoencoders.Count > 0, "--sae", "is missing: the circuits are of autoencoders' features", "name at least one autoencoder of the model");
            Require(options.Text is not null, "--text", "is missing", "name a file of sentences, such as CoLA's in_domain_train.tsv");
            Require(options.LabelColumn is not null, "--label-column", "is missing", "say where the label is: 2 in CoLA's own files");
            return new AcceptabilityInputs(model, options.Autoencoders, options.Text!, options.TextColumn, options.LabelColumn!, options.Task, options.TestText);
        }

        Require(
            options.Autoencoders.Count == 0 && options.Text is null && options.Task is null && options.TestText is null && options.TextColumn is null && options.LabelColumn is null,
            "--model", "is missing, and the embedded model has autoencoders, sentences and pairs of its own", "name the model, or none of them");
        Require(options.Sentences >= 20 && options.Sentences % 2 == 0, "--sentences", "is not an even number of at least 20", "give more: every sentence has its ungrammatical twin");
        AcceptabilityInputs embedded = new(
            Path.Combine(folder, "model"),
            [.. EmbeddedAutoencoders.Sites.Select(site => Path.Combine(folder, "saes", site))],
            Path.Combine(folder, "sentences.tsv"), "4", "2",
            Path.Combine(folder, "pairs.jsonl"),
            Path.Combine(folder, "sentences-test.tsv"));
        EmbeddedModel.Extract(embedded.Model);
        EmbeddedAutoencoders.Extract(Path.Combine(folder, "saes"));
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        IReadOnlyList<GrammarExample> learnt = grammar.GenerateExamples(SentenceSeed + options.Seed, options.Sentences / 2, ExampleSplit.HeldOut);
        HashSet<string> known = [.. learnt.SelectMany(example => (string[])[example.Sentence, example.Twin])];
        AtomicFile.WriteAllText(embedded.Text, Sentences(learnt));
        AtomicFile.WriteAllText(
            embedded.TestText!,
            Sentences([.. grammar.GenerateExamples(TestSeed + options.Seed, 2 * TestSentences, ExampleSplit.HeldOut).Where(example => !known.Contains(example.Sentence) && !known.Contains(example.Twin)).Take(TestSentences / 2)]));
        string[] agreement = [.. grammar.Phenomena.Where(name => name.StartsWith(AgreementPrefix, StringComparison.Ordinal))];
        AgreementTwins.Write(grammar, grammar.GenerateExamples(PairSeed + options.Seed, PairExamples * options.Pairs, agreement, ExampleSplit.HeldOut), options.Pairs, embedded.Task!);
        return embedded;
    }

    /// <summary>Refuses what does not hold.</summary>
    internal static void Require(bool holds, string subject, string problem, string remedy)
    {
        if (!holds)
        {
            throw new InputException(subject, problem, remedy);
        }
    }

    // CoLA's columns: source, label (1 acceptable), the source's own mark, sentence.
    private static string Sentences(IReadOnlyList<GrammarExample> examples)
    {
        StringBuilder lines = new();
        foreach (GrammarExample example in examples)
        {
            lines.Append(CultureInfo.InvariantCulture, $"{example.Phenomenon}\t1\t\t{example.Sentence}\n{example.Phenomenon}\t0\t*\t{example.Twin}\n");
        }

        return lines.ToString();
    }
}
