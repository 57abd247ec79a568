using System.Globalization;
using System.Text.Json;
using Slot = CircuitLasso.InterpBench.SentenceTemplates.Slot;

namespace CircuitLasso.InterpBench;

/// <summary>Reads how sentences are drawn: fixed words and slots by position, templates such as <c>first=A, second=B, giver=A, answer=B</c>, and word lists.</summary>
internal sealed class SentenceReader(ProgramJson json, WordList words)
{
    public SentenceTemplates Read(JsonElement root, int length)
    {
        (Slot Slot, int Token)[] positions = [.. Positions(json.Member(root, "positions"), length)];
        if (positions[0] != (Slot.Word, words.Beginning) || positions.Count(position => position.Slot is Slot.FirstName) != 1 || positions.Count(position => position.Slot is Slot.SecondName) != 1)
        {
            throw json.Error("'positions' do not start with BOS, or have not one 'first name' and one 'second name'");
        }

        int[] names = Tokens(root, "names");
        return new SentenceTemplates
        {
            Positions = positions,
            GiverIsFirst = [.. json.Texts(json.Member(root, "templates"), "'templates'", 64).Select(GiverIsFirst)],
            Names = names.Length > 1 ? names : throw json.Error("'names' are fewer than two"),
            Places = Tokens(root, "places"),
            Objects = Tokens(root, "objects"),
        };
    }

    private IEnumerable<(Slot Slot, int Token)> Positions(JsonElement element, int length)
    {
        json.RequireObject(element, "'positions'");
        for (int i = 0; i < length; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            string text = json.OptionalText(element, name) ?? throw json.Error($"'positions' lack position {i}");

            // What follows " = " or " (" explains.
            text = text.Split(" = ")[0].Split(" (")[0];
            Slot slot = text switch
            {
                "first name" => Slot.FirstName,
                "second name" => Slot.SecondName,
                "giver" => Slot.Giver,
                "place" => Slot.Place,
                "object" => Slot.Object,
                _ => Slot.Word,
            };
            yield return slot != Slot.Word ? (slot, -1) : (slot, Token(text, "'positions'"));
        }
    }

    private bool GiverIsFirst(string template)
    {
        string[][] parts = [.. template.Split(", ").Select(part => part.Split('='))];
        if (parts.Length != 4 || Array.Exists(parts, part => part.Length != 2))
        {
            throw json.Error("a template is not of the form 'first=A, second=B, giver=A, answer=B'");
        }

        string? Of(string role) => Array.Find(parts, part => part[0] == role)?[1];
        string? first = Of("first");
        string? second = Of("second");
        string? giver = Of("giver");
        return first is not null && second is not null && first != second && (giver == first || giver == second) && Of("answer") == (giver == first ? second : first)
            ? giver == first
            : throw json.Error("a template does not name two people, a giver and, as the answer, the other one");
    }

    private int[] Tokens(JsonElement root, string member)
    {
        int[] tokens = [.. json.Values(json.Member(root, member), $"'{member}'", words.Size).Select(word => Token(word.Text, $"'{member}'"))];
        return tokens.Length > 0 ? tokens : throw json.Error($"'{member}' is empty");
    }

    private int Token(string word, string what) => words.Ids.TryGetValue(word, out int id) ? id : throw json.Error($"{what} has the word '{word}', which the vocabulary lacks");
}
