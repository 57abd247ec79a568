using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// A phrase grammar with features (number, gender, ...) that generates sentences and minimal pairs of a grammatical and an ungrammatical one.
/// The file format is described in <c>docs/grammar.md</c>.
/// </summary>
/// <remarks>Immutable: all members may be called from several threads at once. The same file and seed give the same text everywhere.</remarks>
public sealed class PhraseGrammar
{
    // A grammar whose sentences are nearly all held out, or that has too few examples, must end in a message and not in an endless search.
    private const int MaximumAttempts = 200_000;

    private readonly GrammarDefinition _definition;
    private readonly GrammarNode _start;
    private readonly GrammarNode[] _phenomena;

    private PhraseGrammar(GrammarDefinition definition)
    {
        _definition = definition;
        IReadOnlyList<GrammarNode> nodes = GrammarCompiler.Compile(definition);
        _start = nodes[0];
        _phenomena = [.. definition.Phenomena.Select(phenomenon => nodes.First(node => node.Category == phenomenon.Category))];
        for (int i = 0; i < _phenomena.Length; i++)
        {
            new CriticalWordCheck(definition, definition.Phenomena[i]).Run(_phenomena[i]);
        }

        Phenomena = [.. definition.Phenomena.Select(phenomenon => phenomenon.Name)];
        Words = [.. definition.Categories.SelectMany(category => category.Entries).Select(entry => entry.Word).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The names of the phenomena, in the order of the file.</summary>
    public IReadOnlyList<string> Phenomena { get; }

    /// <summary>All words of the lexicon (the full stop is one), each once, in ordinal order.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>The most words a sentence has, the full stop included.</summary>
    public int MaximumWords => _definition.MaximumWords;

    /// <summary>Reads and checks a grammar.</summary>
    /// <param name="stream">The bytes of the file, at most 4 MiB.</param>
    /// <param name="subject">The file's name, for messages.</param>
    /// <exception cref="InputException">
    /// The file is no grammar: not JSON, an unknown category, feature or value, a cycle of rules without end, missing words, a rule or word that no
    /// sentence can use, or a phenomenon without two distinct answers.
    /// </exception>
    public static PhraseGrammar Load(Stream stream, string subject)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(subject);
        return new PhraseGrammar(GrammarDefinitionReader.Read(stream, subject));
    }

    /// <summary>
    /// Whether a prefix (or a whole sentence) is held out of every training text, decided by a hash of its words alone. Whatever begins with a
    /// held-out prefix is held out too. Prefixes of fewer than three words never are.
    /// </summary>
    /// <param name="prefix">Words separated by single spaces.</param>
    public static bool IsHeldOut(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return HeldOutPrefixes.Contains(prefix.Split(' '));
    }

    /// <summary>
    /// An endless sequence of sentences to train on: lower-case words separated by single spaces, the last of them a full stop. None of them begins
    /// with a held-out prefix. Sentences may repeat.
    /// </summary>
    /// <param name="seed">The sequence's seed.</param>
    /// <exception cref="InputException">(On enumeration) nearly all sentences of the grammar are held out or repeat a word.</exception>
    public IEnumerable<string> GenerateTrainingText(ulong seed)
    {
        SplitMix64 random = new(seed);
        SentenceSampler sampler = new(MaximumWords);
        while (true)
        {
            int attempts = 0;
            string[] words;
            do
            {
                if (attempts++ == MaximumAttempts)
                {
                    throw _definition.Error("nearly all of its sentences are held out of the training text or repeat a word", "add rules or words");
                }

                words = sampler.Draw(_start, ref random) ? sampler.Derivation.Words() : [];
            }
            while (words.Length == 0 || HeldOutPrefixes.Contains(words));
            yield return string.Join(' ', words);
        }
    }

    /// <summary>
    /// Makes minimal pairs of all phenomena in turn. Within a phenomenon the grammatical answer alternates between A and B, and an attractor
    /// alternates between matching the cue and not; no prefix comes twice with the same pair of answers.
    /// </summary>
    /// <param name="seed">The seed.</param>
    /// <param name="count">How many examples to make.</param>
    /// <param name="split">Which examples to make; all by default.</param>
    /// <exception cref="InputException">The grammar has too few distinct examples of some phenomenon.</exception>
    public IReadOnlyList<GrammarExample> GenerateExamples(ulong seed, int count, ExampleSplit split = ExampleSplit.All) =>
        GenerateExamples(seed, count, Phenomena, split);

    /// <summary>Makes minimal pairs of the named phenomena, as <see cref="GenerateExamples(ulong, int, ExampleSplit)"/> does of all.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="count">How many examples to make.</param>
    /// <param name="phenomena">Names of phenomena, taken in turn.</param>
    /// <param name="split">Which examples to make.</param>
    /// <exception cref="InputException">A phenomenon is unknown, or has too few distinct examples.</exception>
    public IReadOnlyList<GrammarExample> GenerateExamples(ulong seed, int count, IReadOnlyList<string> phenomena, ExampleSplit split)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(phenomena);
        int[] chosen = [.. phenomena.Select(IndexOfPhenomenon)];
        if (chosen.Length == 0)
        {
            throw new InputException("phenomena", "none is named", "name one of " + string.Join(", ", Phenomena));
        }

        SplitMix64 random = new(seed);
        SentenceSampler sampler = new(MaximumWords);
        HashSet<(string, string)> seen = [];
        List<GrammarExample> examples = [];
        for (int i = 0; i < count; i++)
        {
            int cell = i / chosen.Length;
            GrammaticalAnswer answer = (cell & 1) == 0 ? GrammaticalAnswer.A : GrammaticalAnswer.B;
            examples.Add(GenerateExample(chosen[i % chosen.Length], answer, attractorMatches: (cell & 2) == 0, split, seen, sampler, ref random));
        }

        return examples;
    }

    /// <summary>
    /// The prefix of an example with its cue in the other form of the phenomenon's contrast (another number, say), after which the other answer is the grammatical one;
    /// null where the cue has no such form, or several.
    /// </summary>
    /// <param name="example">An example of this grammar.</param>
    /// <exception cref="InputException">The phenomenon is unknown.</exception>
    public string? OppositePrefix(GrammarExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        int contrast = _definition.Phenomena[IndexOfPhenomenon(example.Phenomenon)].Contrast;
        string[] words = example.Prefix.Split(' ');
        string[] others =
        [
            .. from category in _definition.Categories
               from entry in category.Entries
               where entry.Word == words[example.Cue]
               from other in category.Entries
               where other.Lemma == entry.Lemma && DifferOnlyIn(contrast, entry, other)
               select other.Word,
        ];
        if (others.Distinct(StringComparer.Ordinal).ToArray() is not [string only])
        {
            return null;
        }

        words[example.Cue] = only;
        return string.Join(' ', words);
    }

    private static bool DifferOnlyIn(int contrast, LexiconEntry one, LexiconEntry other) =>
        Enumerable.Range(0, one.Masks.Length).All(feature => feature == contrast ? (one.Masks[feature] & other.Masks[feature]) == 0 : one.Masks[feature] == other.Masks[feature]);

    private GrammarExample GenerateExample(
        int index, GrammaticalAnswer answer, bool attractorMatches, ExampleSplit split, HashSet<(string, string)> seen, SentenceSampler sampler, ref SplitMix64 random)
    {
        GrammarPhenomenon phenomenon = _definition.Phenomena[index];
        for (int attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            if (!sampler.Draw(_phenomena[index], ref random))
            {
                continue;
            }

            Derivation derivation = sampler.Derivation;
            int value = derivation.Nodes[derivation.Critical].Values[phenomenon.Contrast];
            bool matches = derivation.Attractor < 0 || (derivation.Entries[derivation.Attractor].Masks[phenomenon.Contrast] & (1 << value)) != 0;
            if (value != (answer == GrammaticalAnswer.A ? phenomenon.ValueA : phenomenon.ValueB) || (phenomenon.HasAttractor && matches != attractorMatches))
            {
                continue;
            }

            string[] words = derivation.Words();
            string[] prefix = words[..derivation.Critical];
            if (split != ExampleSplit.All && HeldOutPrefixes.Contains(prefix) != (split == ExampleSplit.HeldOut))
            {
                continue;
            }

            GrammarExample example = Describe(phenomenon, derivation, words, answer);
            if (seen.Add((example.Prefix, example.AnswerA)))
            {
                return example;
            }
        }

        throw _definition.Error($"too few distinct examples of '{phenomenon.Name}' could be found", "ask for fewer examples");
    }

    private static GrammarExample Describe(GrammarPhenomenon phenomenon, Derivation derivation, string[] words, GrammaticalAnswer answer)
    {
        int critical = derivation.Critical;
        string right = words[critical];
        string wrong = CriticalWordCheck.OtherForms(phenomenon, derivation.Nodes[critical], derivation.Entries[critical])[0];
        string[] twin = [.. words];
        twin[critical] = wrong;
        bool isA = answer == GrammaticalAnswer.A;
        return new GrammarExample(
            string.Join(' ', words[..critical]),
            isA ? right : wrong,
            isA ? wrong : right,
            answer,
            phenomenon.Name,
            derivation.Cue,
            derivation.Attractor,
            string.Join(' ', words),
            string.Join(' ', twin));
    }

    private int IndexOfPhenomenon(string name)
    {
        for (int i = 0; i < Phenomena.Count; i++)
        {
            if (Phenomena[i] == name)
            {
                return i;
            }
        }

        throw new InputException("phenomena", $"'{name}' is not one", "name one of " + string.Join(", ", Phenomena));
    }
}
