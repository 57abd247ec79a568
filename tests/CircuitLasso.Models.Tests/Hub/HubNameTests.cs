using CircuitLasso.Numerics;

namespace CircuitLasso.Models.Tests;

public sealed class HubNameTests
{
    [Theory]
    [InlineData("gpt2", "gpt2", "", "main")]
    [InlineData("openai-community/gpt2", "openai-community/gpt2", "", "main")]
    [InlineData("hf://openai-community/gpt2/", "openai-community/gpt2", "", "main")]
    [InlineData("EleutherAI/pythia-70m@step3000", "EleutherAI/pythia-70m", "", "step3000")]
    [InlineData("google/gemma-scope-2b-pt-res/layer_5/width_16k/average_l0_68@refs/pr/1", "google/gemma-scope-2b-pt-res", "layer_5/width_16k/average_l0_68", "refs/pr/1")]
    [InlineData("hf://jbloom/GPT2-Small-SAEs-Reformatted/blocks.5.hook_resid_pre", "jbloom/GPT2-Small-SAEs-Reformatted", "blocks.5.hook_resid_pre", "main")]
    public void A_name_is_read(string text, string repository, string path, string revision)
    {
        HubName name = HubName.Parse(text);
        Assert.Equal((repository, path, revision), (name.Repository, name.Path, name.Revision));
        Assert.Equal(name, HubName.Parse(name.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hf://")]
    [InlineData("./model")]
    [InlineData("../model")]
    [InlineData("/models/gpt2")]
    [InlineData("C:\\models\\gpt2")]
    [InlineData("C:/models/gpt2")]
    [InlineData("org//model")]
    [InlineData("org/mo--del")]
    [InlineData("org/model.git")]
    [InlineData("org/mödel")]
    [InlineData("org/mo del")]
    [InlineData("org/model@")]
    [InlineData("org/model@../../x")]
    [InlineData("org/model/../../x")]
    [InlineData("org/model/./x")]
    [InlineData("org/.model")]
    [InlineData("-org/model")]
    public void What_is_no_name_is_refused(string text)
    {
        Assert.Null(HubName.TryParse(text));
        Assert.Contains("is no name of a repository", Assert.Throws<InputException>(() => HubName.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_names_that_the_hub_keeps_for_old_models_stand_alone()
    {
        Assert.False(HubName.Parse("gpt2").IsUncertain);
        Assert.True(HubName.Parse("store").IsUncertain);
        Assert.False(HubName.Parse("org/store").IsUncertain);
    }

    [Fact]
    public void Another_revision_is_checked()
    {
        Assert.Equal("org/model@v1", HubName.Parse("org/model").At("v1").ToString());
        Assert.Throws<InputException>(() => HubName.Parse("org/model").At("a/../../b"));
    }
}
