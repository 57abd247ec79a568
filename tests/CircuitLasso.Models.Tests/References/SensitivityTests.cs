using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>The comparisons with references have teeth: a model with any one detail wrong fails them.</summary>
public sealed class SensitivityTests
{
    private const double Tolerance = 5e-4;

    [Theory]
    [MemberData(nameof(FamilyFixtures.Names), MemberType = typeof(FamilyFixtures))]
    public void Any_one_detail_wrong_is_noticed_on_the_models_of_this_project(string name) => AssertNoticed(FamilyFixtures.Folder(name), FamilyFixtures.Reference(name));

    [Theory]
    [MemberData(nameof(FamilyFixtures.MadeElsewhere), MemberType = typeof(FamilyFixtures))]
    public void Any_one_detail_wrong_is_noticed_on_models_made_elsewhere(string name) =>
        AssertNoticed(SharedData.Require("families", name), SharedData.Require("families", "reference", name + ".npz"));

    [Fact]
    public void Every_detail_is_one_of_some_model()
    {
        HashSet<string> seen = [];
        foreach (string name in FamilyFixtures.All)
        {
            using TransformerModel model = ModelCheckpoint.Load(FamilyFixtures.Folder(name));
            foreach ((string detail, Func<TransformerModel, TransformerModel?> change) in SensitiveDetails.All)
            {
                using TransformerModel? wrong = change(model);
                if (wrong is not null)
                {
                    seen.Add(detail);
                }
            }
        }

        Assert.Equal(SensitiveDetails.All.Keys.Order(), seen.Order());
    }

    private static void AssertNoticed(string folder, string reference)
    {
        using TransformerModel model = ModelCheckpoint.Load(folder);
        Assert.True(Largest(model, reference) <= Tolerance, $"the model itself differs by {Largest(model, reference)}");
        List<string> unnoticed = [];
        int changes = 0;
        foreach ((string detail, Func<TransformerModel, TransformerModel?> change) in SensitiveDetails.All)
        {
            using TransformerModel? wrong = change(model);
            changes += wrong is null ? 0 : 1;
            if (wrong is not null && Largest(wrong, reference) is var largest && !(largest > 2 * Tolerance))
            {
                unnoticed.Add(FormattableString.Invariant($"{detail} ({largest:0.0e+0})"));
            }
        }

        Assert.InRange(changes, 8, SensitiveDetails.All.Count);
        Assert.True(unnoticed.Count == 0, "not noticed: " + string.Join(", ", unnoticed));
    }

    private static double Largest(TransformerModel model, string reference) =>
        ReferenceCheck.Run(model, reference).Differences.Where(difference => !difference.Name.Contains("gold_grad", StringComparison.Ordinal)).Max(difference => difference.MaxAbsDiff);
}
