using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class AutoencoderPathTests
{
    [Theory]
    [InlineData("saes/5.pt", null, "saes/5.pt")]
    [InlineData("resid_post.5=saes/5.pt", "resid_post.5", "saes/5.pt")]
    [InlineData("blocks.5.hook_resid_post=saes/a=b", "resid_post.5", "saes/a=b")]
    [InlineData("resid_post.5=hf://org/name/path@v=1", "resid_post.5", "hf://org/name/path@v=1")]
    [InlineData("hf://org/name/resid_post.5=1", null, "hf://org/name/resid_post.5=1")]
    public void A_site_may_stand_before_the_path(string text, string? site, string path)
    {
        AutoencoderPath parsed = AutoencoderPath.Parse(text);
        Assert.Equal(site, parsed.Site?.ToString());
        Assert.Equal(path, parsed.Path);
        Assert.Equal(parsed, AutoencoderPath.Parse(parsed.ToString()));
    }

    [Fact]
    public void A_path_that_is_there_is_one_whatever_it_holds()
    {
        using TemporaryFolder folder = new();
        string path = Directory.CreateDirectory(folder.PathOf("k=32")).FullName;
        Assert.Equal(new AutoencoderPath(null, path), AutoencoderPath.Parse(path));
        Assert.Equal(new AutoencoderPath(Site.Parse("resid_post.1"), path), AutoencoderPath.Parse("resid_post.1=" + path));
    }

    [Fact]
    public void What_is_no_site_is_refused() => Assert.Throws<InputException>(() => AutoencoderPath.Parse("nonsense=path"));
}
