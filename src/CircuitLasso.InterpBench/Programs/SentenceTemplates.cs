using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>Sentences with fixed words, two different names, a place and an object: how the inputs of indirect object identification are drawn.</summary>
internal sealed class SentenceTemplates
{
    public enum Slot
    {
        Word,
        FirstName,
        SecondName,
        Giver,
        Place,
        Object,
    }

    /// <summary>What stands at each position: a slot, and the token of a fixed word.</summary>
    public required IReadOnlyList<(Slot Slot, int Token)> Positions { get; init; }

    /// <summary>Per template whether the giver is the first name (the other one receives).</summary>
    public required IReadOnlyList<bool> GiverIsFirst { get; init; }

    public required int[] Names { get; init; }

    public required int[] Places { get; init; }

    public required int[] Objects { get; init; }

    public void Draw(RandomSource random, Span<int> tokens)
    {
        bool giverIsFirst = GiverIsFirst[random.NextInt32(GiverIsFirst.Count)];
        int first = random.NextInt32(Names.Length);
        int second = random.NextInt32(Names.Length - 1);
        second += second >= first ? 1 : 0;
        int place = Places[random.NextInt32(Places.Length)];
        int thing = Objects[random.NextInt32(Objects.Length)];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = Positions[i].Slot switch
            {
                Slot.FirstName => Names[first],
                Slot.SecondName => Names[second],
                Slot.Giver => Names[giverIsFirst ? first : second],
                Slot.Place => place,
                Slot.Object => thing,
                _ => Positions[i].Token,
            };
        }
    }
}
