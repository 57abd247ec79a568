using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>The words of the grammar file with their features, read without any code of the library.</summary>
internal sealed class EnglishLexicon
{
    private readonly List<Form> _forms = [];
    private readonly ILookup<(string Word, string Category), Form> _readings;

    public EnglishLexicon()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "assets", "grammar", "grammar.json")));
        foreach (JsonProperty category in file.RootElement.GetProperty("lexicon").EnumerateObject())
        {
            JsonElement[] paradigm = category.Value.TryGetProperty("paradigm", out JsonElement forms) ? [.. forms.EnumerateArray()] : [default];
            foreach (JsonElement group in category.Value.GetProperty("groups").EnumerateArray())
            {
                foreach (string words in group.GetProperty("words").EnumerateArray().Select(words => words.GetString()!))
                {
                    string[] row = words.Split(' ');
                    Assert.Equal(paradigm.Length, row.Length);
                    for (int i = 0; i < row.Length; i++)
                    {
                        Dictionary<string, string[]> features = [];
                        AddFeatures(features, group);
                        AddFeatures(features, paradigm[i]);
                        _forms.Add(new Form(row[i], row[0], category.Name, features));
                    }
                }
            }
        }

        _readings = _forms.ToLookup(form => (form.Word, form.Category));
    }

    public IReadOnlyList<Form> Forms => _forms;

    public IEnumerable<Form> Readings(string word, string category) => _readings[(word, category)];

    public bool Is(string word, string category) => Readings(word, category).Any();

    private static void AddFeatures(Dictionary<string, string[]> features, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject().Where(property => property.Name is not ("words" or "lemma")))
            {
                features[property.Name] = property.Value.ValueKind == JsonValueKind.Array
                    ? [.. property.Value.EnumerateArray().Select(value => value.GetString()!)]
                    : [property.Value.GetString()!];
            }
        }
    }

    /// <summary>One word form; a feature that it does not state fits every value.</summary>
    internal sealed record Form(string Word, string Lemma, string Category, Dictionary<string, string[]> Features)
    {
        public bool Fits(string feature, string value) => !Features.TryGetValue(feature, out string[]? values) || values.Contains(value);
    }
}
