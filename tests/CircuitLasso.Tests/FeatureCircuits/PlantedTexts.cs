using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>
/// Texts of six words of which the second is a planted word or a silent one. Where it is planted, the third and the last are mostly confounding words, and seldom elsewhere. All other words are drawn at random.
/// </summary>
internal static class PlantedTexts
{
    // Positions count the token that begins every text.
    public const int PlantedPosition = 2;
    public const int ConfounderPosition = 3;
    public const int LastPosition = 6;

    public const string PlantedWord = "planted";
    public const string MiddleWord = "middle";
    public const string LastWord = "last";
    public const string RightAnswer = "yes";
    public const string WrongAnswer = "no";

    /// <summary>How many of the vocabulary are no words of texts.</summary>
    public const int SpecialTokens = 4;

    private const string SilentWord = "silent";
    private const string OtherWord = "word";
    private const int PlantedWords = 24;
    private const int ConfoundingWords = 12;
    private const int OtherWords = 40;
    private const double ConfoundersWithPlanted = 0.8;
    private const double ConfoundersWithSilent = 0.1;

    /// <summary>The vocabulary.</summary>
    public static string[] Vocabulary { get; } =
    [
        "<unk>", "<s>", RightAnswer, WrongAnswer,
        .. Words(PlantedWord, PlantedWords), .. Words(SilentWord, PlantedWords), .. Words(MiddleWord, ConfoundingWords), .. Words(LastWord, ConfoundingWords), .. Words(OtherWord, OtherWords),
    ];

    /// <summary>The token of an answer or of a word.</summary>
    public static int TokenOf(string word) => Array.IndexOf(Vocabulary, word);

    /// <summary>Texts, about half of them with a planted word.</summary>
    public static string[] Draw(ulong seed, int count)
    {
        RandomSource random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Text(random, Others(random), isPlanted: random.NextDouble() < 0.5))];
    }

    /// <summary>Pairs: a text with a planted word, and one without, whose confounders are as seldom as they are there. What is random in both is the same.</summary>
    public static (string Clean, string Corrupt)[] DrawPairs(ulong seed, int count)
    {
        RandomSource random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string[] others = Others(random);
            return (Text(random, others, isPlanted: true), Text(random, others, isPlanted: false));
        })];
    }

    private static string Text(RandomSource random, string[] others, bool isPlanted)
    {
        string[] words = [.. others];
        Put(PlantedPosition, isPlanted ? PlantedWord : SilentWord, PlantedWords);
        foreach ((int position, string word) in new[] { (ConfounderPosition, MiddleWord), (LastPosition, LastWord) })
        {
            if (random.NextDouble() < (isPlanted ? ConfoundersWithPlanted : ConfoundersWithSilent))
            {
                Put(position, word, ConfoundingWords);
            }
        }

        return string.Join(' ', words);

        void Put(int position, string word, int count) => words[position - 1] = word + random.NextInt32(count);
    }

    private static string[] Others(RandomSource random) => [.. Enumerable.Range(0, LastPosition).Select(_ => OtherWord + random.NextInt32(OtherWords))];

    private static IEnumerable<string> Words(string word, int count) => Enumerable.Range(0, count).Select(number => word + number);
}
