using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Reads a grammar file (JSON, described in docs/grammar.md) and resolves its names.</summary>
internal sealed class GrammarDefinitionReader
{
    internal const string Format = "circuitlasso-phrase-grammar";
    private const int MaximumBytes = 4 << 20;
    private const int MaximumRules = 4_000;
    private const int MaximumEntries = 10_000;
    private const int LongestSentence = 64;
    private const int LargestWeight = 100_000;

    private readonly GrammarJson _json;
    private readonly GrammarFeatures _features = new();
    private readonly Dictionary<string, GrammarCategory> _categories = new(StringComparer.Ordinal);
    private readonly List<GrammarCategory> _ordered = [];
    private int _entries;

    private GrammarDefinitionReader(string subject) => _json = new GrammarJson(subject);

    /// <summary>Reads a grammar.</summary>
    /// <param name="stream">The file's bytes; read from its position on, at most 4 MiB.</param>
    /// <param name="subject">The file, for messages.</param>
    /// <exception cref="InputException">The file is no grammar.</exception>
    internal static GrammarDefinition Read(Stream stream, string subject)
    {
        byte[] bytes = new byte[MaximumBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MaximumBytes)
        {
            throw new InputException(subject, $"is longer than the {MaximumBytes} bytes that a grammar may have", "give a grammar file");
        }

        GrammarDefinitionReader reader = new(subject);
        return reader._json.Parse(bytes.AsMemory(0, length), depth: 16, reader.Read);
    }

    private GrammarDefinition Read(JsonElement root)
    {
        _json.RequireObject(root, "the file", "format", "version", "start", "maximum_words", "features", "lexicon", "rules", "phenomena");
        if (_json.String(root, "format") != Format || _json.Integer(root, "version", 1, int.MaxValue) != 1)
        {
            throw _json.Error($"is not a grammar of format '{Format}', version 1");
        }

        ReadFeatures(_json.Member(root, "features", JsonValueKind.Object));
        foreach (JsonProperty category in _json.Member(root, "lexicon", JsonValueKind.Object).EnumerateObject())
        {
            ReadLexicalCategory(_json.Name(category.Name), category.Value);
        }

        ReadRules(_json.Member(root, "rules", JsonValueKind.Array));
        return new GrammarDefinition
        {
            Subject = _json.Subject,
            MaximumWords = _json.Integer(root, "maximum_words", 1, LongestSentence),
            Features = _features,
            Start = PhraseCategory(_json.String(root, "start")),
            Categories = _ordered,
            Phenomena = ReadPhenomena(_json.Member(root, "phenomena", JsonValueKind.Array)),
        };
    }

    private void ReadFeatures(JsonElement features)
    {
        foreach (JsonProperty feature in features.EnumerateObject())
        {
            string[] values = [.. _json.Strings(feature.Value, $"feature '{feature.Name}'").Select(_json.Name)];
            if (_features.Count == GrammarFeatures.MaximumFeatures || values.Length is 0 or > GrammarFeatures.MaximumValues
                || values.Distinct(StringComparer.Ordinal).Count() != values.Length || _features.IndexOf(feature.Name) >= 0)
            {
                throw _json.Error($"feature '{feature.Name}' is stated twice, has a value twice, or there are too many features or values");
            }

            _features.Add(_json.Name(feature.Name), values);
        }
    }

    private void ReadLexicalCategory(string name, JsonElement element)
    {
        _json.RequireObject(element, $"category '{name}'", "features", "groups", "?paradigm", "?once");
        bool once = element.TryGetProperty("once", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        GrammarCategory category = new(name) { IsLexical = true, IsOnce = once };
        AddCategory(category);
        foreach (string feature in _json.Strings(_json.Member(element, "features", JsonValueKind.Array), $"the features of '{name}'"))
        {
            category.Features |= 1 << FeatureIndex(feature, name);
        }

        List<int[]> paradigm = [AllValues()];
        if (element.TryGetProperty("paradigm", out JsonElement forms))
        {
            paradigm = [.. _json.Objects(forms, $"the paradigm of '{name}'").Select(form => Restrict(AllValues(), category, form))];
        }

        foreach (JsonElement group in _json.Objects(_json.Member(element, "groups", JsonValueKind.Array), $"the groups of '{name}'"))
        {
            string? lemma = group.TryGetProperty("lemma", out _) ? _json.String(group, "lemma") : null;
            foreach (string words in _json.Strings(_json.Member(group, "words", JsonValueKind.Array), $"the words of '{name}'"))
            {
                AddWords(category, group, paradigm, lemma, words);
            }
        }

        if (category.Entries.Count == 0)
        {
            throw _json.Error($"category '{name}' has no words");
        }
    }

    private void AddWords(GrammarCategory category, JsonElement group, List<int[]> paradigm, string? lemma, string words)
    {
        string[] forms = words.Split(' ');
        if (forms.Length != paradigm.Count)
        {
            throw _json.Error($"category '{category.Name}': '{words}' has {forms.Length} forms where the paradigm has {paradigm.Count}");
        }

        for (int form = 0; form < forms.Length; form++)
        {
            if (forms[form].Length is 0 or > 64 || !forms[form].All(c => c is (>= 'a' and <= 'z') or '.'))
            {
                throw _json.Error($"category '{category.Name}': '{words}' is not made of words in lower-case letters");
            }

            if (++_entries > MaximumEntries)
            {
                throw _json.Error($"has more than {MaximumEntries} word forms");
            }

            category.Entries.Add(new LexiconEntry(forms[form], lemma ?? forms[0], Restrict(paradigm[form], category, group)));
        }
    }

    private int[] AllValues() => [.. Enumerable.Range(0, _features.Count).Select(feature => (1 << _features.ValueCount(feature)) - 1)];

    // Returns the masks narrowed by what an entry or a form states; "words" and "lemma" are no features.
    private int[] Restrict(int[] masks, GrammarCategory category, JsonElement element)
    {
        int[] restricted = [.. masks];
        foreach (JsonProperty property in element.EnumerateObject().Where(property => property.Name is not ("words" or "lemma")))
        {
            int feature = FeatureIndex(property.Name, category.Name);
            if ((category.Features & (1 << feature)) == 0)
            {
                throw _json.Error($"category '{category.Name}' has no feature '{property.Name}'");
            }

            int stated = 0;
            foreach (string name in property.Value.ValueKind == JsonValueKind.String ? [property.Value.GetString()!] : _json.Strings(property.Value, $"'{property.Name}'"))
            {
                int value = _features.IndexOfValue(feature, name);
                stated |= value >= 0 ? 1 << value : throw _json.Error($"category '{category.Name}': feature '{property.Name}' has no value '{name}'");
            }

            restricted[feature] &= stated;
            if (restricted[feature] == 0)
            {
                throw _json.Error($"category '{category.Name}': no value is left for feature '{property.Name}' of a word");
            }
        }

        return restricted;
    }

    private void ReadRules(JsonElement array)
    {
        List<(string Text, int Weight)> rules = [];
        foreach (JsonElement rule in _json.Objects(array, "the rules"))
        {
            _json.RequireObject(rule, "a rule", "rule", "?weight");
            int weight = rule.TryGetProperty("weight", out _) ? _json.Integer(rule, "weight", 1, LargestWeight) : 1;
            rules.Add((_json.String(rule, "rule"), weight));
        }

        if (rules.Count > MaximumRules)
        {
            throw _json.Error($"has more than {MaximumRules} rules");
        }

        // All left sides first: a rule may use categories and features that a later rule defines.
        GrammarRuleParser parser = new(_json.Subject, _features, _categories);
        foreach (string name in rules.Select(rule => GrammarRuleParser.LeftName(rule.Text)))
        {
            if (!_categories.TryGetValue(name, out GrammarCategory? category))
            {
                AddCategory(new GrammarCategory(name));
            }
            else if (category.IsLexical)
            {
                throw _json.Error($"category '{name}' has both words and rules");
            }
        }

        rules.ForEach(rule => parser.DeclareLeft(rule.Text));
        foreach ((string text, int weight) in rules)
        {
            _categories[GrammarRuleParser.LeftName(text)].Rules.Add(parser.Parse(text, weight));
        }
    }

    private List<GrammarPhenomenon> ReadPhenomena(JsonElement array)
    {
        List<GrammarPhenomenon> phenomena = [];
        foreach (JsonElement element in _json.Objects(array, "the phenomena"))
        {
            _json.RequireObject(element, "a phenomenon", "name", "contrast", "a", "b");
            string name = _json.String(element, "name");
            GrammarCategory category = PhraseCategory(name);
            int contrast = FeatureIndex(_json.String(element, "contrast"), name);
            int valueA = _features.IndexOfValue(contrast, _json.String(element, "a"));
            int valueB = _features.IndexOfValue(contrast, _json.String(element, "b"));
            if (valueA < 0 || valueB < 0 || valueA == valueB || phenomena.Exists(other => other.Name == name))
            {
                throw _json.Error($"phenomenon '{name}' is stated twice, or 'a' and 'b' are not two values of its contrast");
            }

            bool hasAttractor = category.Rules[0].Right.Any(symbol => symbol.Role == GrammarRole.Attractor);
            foreach (GrammarRule rule in category.Rules)
            {
                if (Count(rule, GrammarRole.Cue) != 1 || Count(rule, GrammarRole.Critical) != 1 || Count(rule, GrammarRole.Attractor) != (hasAttractor ? 1 : 0))
                {
                    throw _json.Error($"rule '{rule.Text}' must mark one @cue, one @critical, and an @attractor in all rules of the phenomenon or in none");
                }
            }

            phenomena.Add(new GrammarPhenomenon(name, category, contrast, valueA, valueB) { HasAttractor = hasAttractor });
        }

        if (_ordered.Except(phenomena.Select(p => p.Category)).SelectMany(c => c.Rules).FirstOrDefault(r => r.Right.Any(s => s.Role != GrammarRole.None)) is { } stray)
        {
            throw _json.Error($"rule '{stray.Text}' has an @ mark, but its left side is no phenomenon");
        }

        return phenomena;
    }

    private static int Count(GrammarRule rule, GrammarRole role) => rule.Right.Count(symbol => symbol.Role == role);

    private GrammarCategory PhraseCategory(string name) =>
        _categories.TryGetValue(name, out GrammarCategory? category) && !category.IsLexical ? category : throw _json.Error($"no rule defines '{name}'");

    private void AddCategory(GrammarCategory category)
    {
        if (!_categories.TryAdd(category.Name, category))
        {
            throw _json.Error($"category '{category.Name}' is stated twice");
        }

        _ordered.Add(category);
    }

    private int FeatureIndex(string feature, string user) =>
        _features.IndexOf(feature) is >= 0 and int index ? index : throw _json.Error($"'{user}' uses the unknown feature '{feature}'");
}
